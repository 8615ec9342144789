"""Where, who, how long: the fields that all classes of this package share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from langchain_core.utils import from_env, secret_from_env
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from llmaas import AsyncLLMaaS, LLMaaS, Timeout
from llmaas.adapters import ClientPair, open_clients, redact_options
from llmaas.settings import KEY_VARIABLE, MAX_FILE_BYTES, URL_VARIABLE

CONFIG = ConfigDict(
    arbitrary_types_allowed=True, extra="forbid", populate_by_name=True, protected_namespaces=()
)
_OPTIONS = (
    "api_key",
    "base_url",
    "timeout",
    "max_retries",
    "deadline",
    "ca_bundle",
    "proxy",
    "max_file_bytes",
)


class Connected(BaseModel):
    """A model of this package and its two core clients, made when they are first needed.

    The key is never shown and never pickled: an unpickled object reads ``LLMAAS_API_KEY``.
    """

    model_config = CONFIG

    api_key: SecretStr | Callable[[], Any] | None = Field(
        default_factory=secret_from_env(KEY_VARIABLE, default=None)
    )
    """The key, or a callable that returns the current one; else ``LLMAAS_API_KEY``."""
    base_url: str | None = Field(default_factory=from_env(URL_VARIABLE, default=None))
    """The address, with or without ``/v1``; else ``LLMAAS_BASE_URL``, else the service."""
    timeout: float | Timeout | None = None
    """The longest silence in seconds (600 unless said), also in mid-stream."""
    max_retries: int = Field(default=2, ge=0)
    """How often connection errors, 408, 409, 429 and 5xx are tried again."""
    deadline: float | None = None
    """The longest a call may take in all, in seconds."""
    ca_bundle: str | None = None
    """A file of certificates to trust; else ``LLMAAS_CA_BUNDLE``."""
    max_file_bytes: int = Field(default=MAX_FILE_BYTES, ge=0)
    """The size up to which local files are read. Defaults to 64 MiB."""
    proxy: str | None = Field(default=None, exclude=True, repr=False)
    default_headers: Mapping[str, str] | None = Field(default=None, exclude=True, repr=False)

    _made: ClientPair | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Pass on to LangChain's base, which pydantic would skip for the sake of ``_made``."""
        super().model_post_init(context)

    @model_validator(mode="after")
    def _hide_llmaas_headers(self) -> Self:
        """Take headers out of ``model_kwargs``, which are dumped and traced as they are."""
        kwargs = vars(self).get("model_kwargs") or {}
        if "extra_headers" in kwargs:
            headers = {**(self.default_headers or {}), **(kwargs["extra_headers"] or {})}
            self.default_headers = headers
            rest = {name: kwargs[name] for name in kwargs if name != "extra_headers"}
            vars(self)["model_kwargs"] = rest
        return self

    @property
    def client(self) -> LLMaaS:
        """The core client for threads."""
        return self._clients().sync_client

    @property
    def async_client(self) -> AsyncLLMaaS:
        """The core client for asyncio; one object serves any number of event loops."""
        return self._clients().async_client

    @property
    def lc_secrets(self) -> dict[str, str]:
        """What a dump replaces by the name of its variable."""
        return {"api_key": KEY_VARIABLE}

    def _clients(self) -> ClientPair:
        """Return the clients, built again when a field has changed (``model_copy`` does that)."""
        options = {name: getattr(self, name) for name in _OPTIONS}
        self._made = open_clients(self._made, headers=self.default_headers, **options)
        return self._made

    def __getstate__(self) -> dict[Any, Any]:
        """Leave behind the key, the clients, a proxy's password and headers that authenticate."""
        state = super().__getstate__()
        fields = {**redact_options(state["__dict__"]), "api_key": None}
        private = {**(state["__pydantic_private__"] or {}), "_made": None}
        return {**state, "__dict__": fields, "__pydantic_private__": private}
