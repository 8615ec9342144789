"""Shared connection fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from llama_index.core.schema import BaseComponent
from pydantic import AliasChoices, Field, InstanceOf, PrivateAttr, SecretStr, model_validator

from llmaas import Timeout
from llmaas.adapters import ClientPair, open_clients, reject_unknown_arguments
from llmaas.catalog import Profile
from llmaas.settings import MAX_FILE_BYTES

if TYPE_CHECKING:
    from llmaas import AsyncLLMaaS
    from llmaas import LLMaaS as Client

_OPTIONS = (
    "api_key",
    "base_url",
    "timeout",
    "max_retries",
    "deadline",
    "ca_bundle",
    "proxy",
    "max_file_bytes",
    "profile",
)


class Connection(BaseComponent):
    """Connection fields and the two ``llmaas`` clients, which are created on first use.

    A repr, a dump or a pickle never contains the key, the headers or the proxy. An unpickled
    copy reads ``LLMAAS_API_KEY``.
    """

    api_key: SecretStr | Callable[[], Any] | None = Field(default=None, exclude=True, repr=False)
    """API key, or a callable that returns it. Defaults to ``LLMAAS_API_KEY``."""
    base_url: str | None = None
    """URL with or without ``/v1``. Defaults to ``LLMAAS_BASE_URL``, then to the service."""
    timeout: float | Timeout | None = None
    """Maximum seconds without data, also within a stream. Defaults to 600."""
    max_retries: int = Field(default=2, ge=0)
    """Maximum retries of connection errors, 408, 409, 429 and 5xx. Defaults to 2."""
    deadline: float | None = None
    """Maximum seconds of a call including retries. Defaults to no limit."""
    ca_bundle: str | None = None
    """File with trusted certificates. Defaults to ``LLMAAS_CA_BUNDLE``."""
    profile: str | InstanceOf[Profile] | None = None
    """Result of ``llmaas probe --save``, or its path. Defaults to ``LLMAAS_PROFILE``."""
    max_file_bytes: int = Field(default=MAX_FILE_BYTES, ge=0)
    """Maximum size of a local file in bytes. Defaults to 64 MiB."""
    proxy: str | None = Field(default=None, exclude=True, repr=False)
    default_headers: Mapping[str, str] | None = Field(default=None, exclude=True, repr=False)

    _client_pair: ClientPair | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _reject_unknown(cls, values: Any) -> Any:
        """Refuse misspelt arguments, which LlamaIndex's classes ignore."""
        if isinstance(values, Mapping):
            reject_unknown_arguments(cls, values, {*_argument_names(cls), "class_name"})
        return values

    @property
    def client(self) -> Client:
        """Client for threads."""
        return self._clients().sync_client

    @property
    def async_client(self) -> AsyncLLMaaS:
        """Client for asyncio. It serves any number of event loops."""
        return self._clients().async_client

    def _clients(self) -> ClientPair:
        """Open the clients, again after a field has changed."""
        fields, current = vars(self), self._client_pair
        options = {name: fields[name] for name in _OPTIONS}
        pair = open_clients(current, headers=self.default_headers, **options)
        if pair is not current:
            self._client_pair = pair
        return pair

    def __getstate__(self) -> dict[str, Any]:
        """Omit the clients and all fields that may contain a secret."""
        state = super().__getstate__()
        hidden = dict.fromkeys(("api_key", "proxy", "default_headers"))
        return {**state, "__dict__": {**state["__dict__"], **hidden}, "__pydantic_private__": None}


def _argument_names(owner: type[BaseComponent]) -> Iterator[str]:
    """Yield the names and aliases of the fields."""
    for name, field in owner.model_fields.items():
        yield name
        aliases = field.validation_alias
        choices = aliases.choices if isinstance(aliases, AliasChoices) else [field.alias]
        yield from (choice for choice in choices if isinstance(choice, str))
