"""Configuration of the model client, as stored in components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypedDict, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from llmaas import ConfigurationError, adapters
from llmaas.adapters import redact_options
from llmaas.model_names import ChatModelName
from llmaas.settings import KEY_VARIABLE

RATE_LIMIT_TIMEOUT = 300.0
"""Default seconds to wait for rate limits: many agents share a key."""

SECRET_HEADERS = frozenset(
    ("authorization", "proxy-authorization", "api-key", "x-api-key", "cookie")
)

# Request parameters; all other fields configure the client.
REQUEST_FIELDS = (
    "temperature",
    "top_p",
    "max_tokens",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "seed",
    "user",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "n",
    "response_format",
    "parallel_tool_calls",
    "reasoning",
    "reasoning_effort",
    "enable_thinking",
    "fallbacks",
    "retry_empty",
    "conform",
    "fresh",
    "strict",
    "stream_options",
    "extra_body",
)


class ClientSettings(TypedDict, total=False):
    """The keywords of ``LLMaaSChatCompletionClient``; see ``LLMaaSClientConfig``."""

    api_key_env: str
    base_url: str | None
    model_info: Mapping[str, Any] | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    frequency_penalty: float | None
    presence_penalty: float | None
    stop: str | Sequence[str] | None
    seed: int | None
    user: str | None
    logit_bias: Mapping[str, int] | None
    logprobs: bool | None
    top_logprobs: int | None
    n: int | None
    response_format: Any
    parallel_tool_calls: bool | None
    reasoning: bool | str | None
    fallbacks: Sequence[str] | None
    retry_empty: bool | None
    conform: bool | None
    fresh: bool | None
    strict: bool | None
    reasoning_effort: str | None
    enable_thinking: bool | None
    stream_options: Mapping[str, Any] | None
    extra_body: Mapping[str, Any] | None
    default_headers: Mapping[str, str] | None
    ca_bundle: str | None
    profile: str | None
    proxy: str | None
    timeout: float | None
    deadline: float | None
    max_retries: int
    rate_limit_timeout: float
    include_name_in_message: bool
    add_name_prefixes: bool
    send_reasoning: bool | None


class LLMaaSClientConfig(BaseModel):
    """Configuration of a model client component, without the key.

    Times are in seconds. ``None`` omits a parameter from the request.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, protected_namespaces=())

    model: ChatModelName
    api_key_env: str = KEY_VARIABLE
    """Name of the environment variable with the key."""
    base_url: str | None = None
    """Defaults to ``LLMAAS_BASE_URL``, then to the public service."""
    model_info: dict[str, Any] | None = None
    """Overrides of the catalog's model information."""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    """Defaults to 16,384, capped at half the model's context. The server default is 1,024."""
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    user: str | None = None
    logit_bias: dict[str, int] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None
    """Number of choices; AutoGen reads the first."""
    response_format: dict[str, Any] | None = None
    """A dict in OpenAI's format; a class is stored as its JSON schema."""
    parallel_tool_calls: bool | None = None
    reasoning: bool | str | None = None
    """False switches reasoning off, True on; ``"low"`` to ``"xhigh"`` set the effort."""
    fallbacks: list[str] | None = None
    """Models to try in order if the model is retired, overloaded, too small or answers nothing."""
    retry_empty: bool | None = None
    """Retry an empty answer once. Defaults to False."""
    conform: bool | None = None
    """Adapt the conversation to what the model accepts. Defaults to True."""
    fresh: bool | None = None
    """Add a nonce to the last user message, so that no gateway replays a cached answer."""
    strict: bool | None = None
    """Refuse images for a model without vision, instead of warning."""
    reasoning_effort: str | None = None
    enable_thinking: bool | None = None
    stream_options: dict[str, Any] | None = None
    extra_body: dict[str, Any] | None = None
    default_headers: dict[str, str] | None = None
    ca_bundle: str | None = None
    profile: str | None = None
    """File of ``llmaas probe --save``. Defaults to ``LLMAAS_PROFILE``."""
    proxy: str | None = None
    """Proxy URL; its credentials are not stored in a component."""
    timeout: float | None = None
    deadline: float | None = None
    """Maximum duration of one call, including waits for rate limits."""
    max_retries: int = 2
    rate_limit_timeout: float = RATE_LIMIT_TIMEOUT
    """Total seconds to wait for rate limits before ``RateLimitError``."""
    include_name_in_message: bool = True
    """Send the agent's name, in ASCII, with user messages; some servers reject it."""
    add_name_prefixes: bool = False
    send_reasoning: bool | None = None
    """Send reasoning back with tool calls. Defaults to True for reasoning models."""

    @field_validator("response_format", mode="before")
    @classmethod
    def _plain_format(cls, response_format: Any) -> Any:
        if response_format is None or isinstance(response_format, Mapping):
            return response_format
        schema = adapters.parse_response_format(response_format)
        return None if schema is None else dict(schema.response_format)

    @field_validator("default_headers")
    @classmethod
    def _no_secret(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        secret = sorted(name for name in headers or {} if name.lower() in SECRET_HEADERS)
        if secret:
            raise ValueError(
                f"{', '.join(secret)} must not be in default_headers. Pass the key as api_key."
            )
        return headers

    @classmethod
    def create(cls, model: str, settings: Mapping[str, Any], owner: str) -> LLMaaSClientConfig:
        """Validate settings. Raises ``ConfigurationError`` with the names, not the values."""
        return create_config(cls, owner, {"model": model, **settings})

    def without_secrets(self) -> Self:
        """Return a copy without proxy credentials and headers that may hold secrets."""
        kept = redact_options({"headers": self.default_headers or {}, "proxy": self.proxy})
        headers, proxy = kept["headers"] or None, kept["proxy"]
        if headers == (self.default_headers or None) and proxy == self.proxy:
            return self
        return self.model_copy(update={"default_headers": headers, "proxy": proxy})

    def request_defaults(self) -> dict[str, Any]:
        """Return the request parameters that are set."""
        values = {name: getattr(self, name) for name in REQUEST_FIELDS}
        return {name: value for name, value in values.items() if value is not None}


ConfigT = TypeVar("ConfigT", bound=BaseModel)


def create_config(config_class: type[ConfigT], owner: str, values: Mapping[str, Any]) -> ConfigT:
    """Validate the arguments of the class ``owner``.

    Raises ``ConfigurationError`` with the names of invalid arguments, not their values.
    """
    try:
        return config_class(**values)
    except ValidationError as error:
        wrong = (_explain(owner, fault) for fault in error.errors(include_input=False))
        raise ConfigurationError("; ".join(wrong)) from None


def _explain(owner: str, fault: Any) -> str:
    path = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{owner}() got an unexpected keyword argument {path!r}"
    return f"{path}: {fault['msg']}"
