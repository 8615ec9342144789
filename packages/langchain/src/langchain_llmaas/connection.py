"""Connection fields and core clients shared by all classes of this package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from langchain_core.utils import from_env, secret_from_env
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from llmaas import Timeout
from llmaas.adapters import (
    ClientPair,
    open_clients,
    redact_options,
    reject_unknown_arguments,
)
from llmaas.catalog import Profile
from llmaas.settings import KEY_VARIABLE, MAX_FILE_BYTES, URL_VARIABLE

if TYPE_CHECKING:
    from llmaas import AsyncLLMaaS, LLMaaS

MODEL_CONFIG = ConfigDict(
    arbitrary_types_allowed=True,
    extra="forbid",
    hide_input_in_errors=True,  # values may be secrets
    populate_by_name=True,
    protected_namespaces=(),
    defer_build=False,
)
_CLIENT_OPTIONS = {
    "api_key": "api_key",
    "base_url": "base_url",
    "timeout": "timeout",
    "max_retries": "max_retries",
    "deadline": "deadline",
    "ca_bundle": "ca_bundle",
    "proxy": "proxy",
    "max_file_bytes": "max_file_bytes",
    "headers": "default_headers",
    "profile": "service_profile",
}
"""Arguments of the core's clients, and the fields that hold their values."""


class ConnectionMixin(BaseModel):
    """Connection fields of a LangChain class, and its two lazily created core clients.

    The key is never shown or pickled: an unpickled object reads ``LLMAAS_API_KEY``.
    """

    model_config = {**MODEL_CONFIG, "defer_build": True}  # only subclasses have instances

    api_key: SecretStr | Callable[[], Any] | None = Field(
        default_factory=secret_from_env(KEY_VARIABLE, default=None)
    )
    """The API key, or a callable that returns it. Defaults to ``LLMAAS_API_KEY``."""
    base_url: str | None = Field(default_factory=from_env(URL_VARIABLE, default=None))
    """The base URL, with or without ``/v1``. Defaults to ``LLMAAS_BASE_URL``, then the service."""
    timeout: float | Timeout | None = None
    """Read timeout in seconds, also between two stream events. Defaults to 600."""
    max_retries: int = Field(default=2, ge=0)
    """Maximum retries after connection errors, 408, 409, 429 and 5xx. Defaults to 2."""
    deadline: float | None = None
    """Maximum duration of a call in seconds, retries included."""
    ca_bundle: str | None = None
    """Path of a CA bundle. Defaults to ``LLMAAS_CA_BUNDLE``."""
    service_profile: str | InstanceOf[Profile] | None = None
    """Result of ``llmaas probe --save``, or its path. Defaults to ``LLMAAS_PROFILE``."""
    max_file_bytes: int = Field(default=MAX_FILE_BYTES, ge=0)
    """Maximum size of a local file in bytes. Defaults to 64 MiB."""
    proxy: str | None = Field(default=None, exclude=True, repr=False)
    default_headers: Mapping[str, str] | None = Field(default=None, exclude=True, repr=False)

    _client_pair: ClientPair | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Call LangChain's own hook, which pydantic skips when a class has private attributes."""
        super().model_post_init(context)

    @model_validator(mode="before")
    @classmethod
    def _reject_unknown(cls, values: Any) -> Any:
        """Refuse misspelt arguments here: an error of pydantic holds the value, perhaps a key."""
        if isinstance(values, Mapping) and cls.model_config.get("extra") == "forbid":
            aliases = {field.alias for field in cls.model_fields.values() if field.alias}
            reject_unknown_arguments(cls, values, {*cls.model_fields, *aliases})
        return values

    @model_validator(mode="after")
    def _hide_llmaas_headers(self) -> Self:
        """Move headers out of ``model_kwargs``, which dumps and traces show unchanged."""
        kwargs = vars(self).get("model_kwargs") or {}
        if "extra_headers" in kwargs:
            headers = {**(self.default_headers or {}), **(kwargs["extra_headers"] or {})}
            self.default_headers = headers
            rest = {name: kwargs[name] for name in kwargs if name != "extra_headers"}
            vars(self)["model_kwargs"] = rest
        return self

    @property
    def client(self) -> LLMaaS:
        """The synchronous core client."""
        return self._clients().sync_client

    @property
    def async_client(self) -> AsyncLLMaaS:
        """The asynchronous core client. It serves any number of event loops."""
        return self._clients().async_client

    @property
    def lc_secrets(self) -> dict[str, str]:
        """Map secret fields to the environment variables that a dump names instead."""
        return {"api_key": KEY_VARIABLE}

    def _clients(self) -> ClientPair:
        """Return the clients. They are rebuilt when a field changes, as ``model_copy`` does."""
        fields = vars(self)
        options = {name: fields[field] for name, field in _CLIENT_OPTIONS.items()}
        current = self._client_pair
        pair = open_clients(current, **options)
        if pair is not current:
            self._client_pair = pair
        return pair

    def __getstate__(self) -> dict[Any, Any]:
        """Exclude clients and secrets: the key, proxy passwords, authentication headers."""
        state = super().__getstate__()
        fields = {**redact_options(state["__dict__"]), "api_key": None}
        private = {**(state["__pydantic_private__"] or {}), "_client_pair": None}
        return {**state, "__dict__": fields, "__pydantic_private__": private}
