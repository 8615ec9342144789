"""What the model client is told once: a component's configuration, without the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypedDict

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from llmaas import ConfigurationError
from llmaas.adapters import redact_options
from llmaas.settings import KEY_VARIABLE
from llmaas.structured import parse_response_format

RATE_LIMIT_TIMEOUT = 300.0
"""Seconds that an agent waits for rate limits to end before it fails: many share a key."""

SECRET_HEADERS = frozenset(
    ("authorization", "proxy-authorization", "api-key", "x-api-key", "cookie")
)

# What goes to the service with each request; the rest is about the way to it.
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
    proxy: str | None
    timeout: float | None
    deadline: float | None
    max_retries: int
    rate_limit_timeout: float
    include_name_in_message: bool
    add_name_prefixes: bool
    send_reasoning: bool | None


class LLMaaSClientConfig(BaseModel):
    """The configuration that a component holds: everything but the key.

    Times are in seconds. ``None`` leaves a parameter out of the request.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, protected_namespaces=())

    model: str
    api_key_env: str = KEY_VARIABLE
    """The name of the variable that holds the key where the component is loaded."""
    base_url: str | None = None
    """The address; ``LLMAAS_BASE_URL``, then the service's, where the component is loaded."""
    model_info: dict[str, Any] | None = None
    """Laid over what the catalog knows of the model."""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    """16,384 unless said, at most half of the context: the service's own 1,024 is too little."""
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    user: str | None = None
    logit_bias: dict[str, int] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None
    """Answers of a request; AutoGen reads the first one."""
    response_format: dict[str, Any] | None = None
    """A dict as OpenAI takes it; a class is kept as its JSON schema."""
    parallel_tool_calls: bool | None = None
    reasoning: bool | str | None = None
    """False switches reasoning off, True on; ``"low"`` to ``"xhigh"`` set the effort."""
    fallbacks: list[str] | None = None
    """Models to ask, in order, when this one is gone, overloaded, too small or answers nothing."""
    retry_empty: bool | None = None
    """Ask once more when an answer is empty."""
    conform: bool | None = None
    """Change the conversation to what the model takes. Defaults to True."""
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
    proxy: str | None = None
    """The address of a proxy; a component holds no user and password of it."""
    timeout: float | None = None
    deadline: float | None = None
    """The longest that one answer may take, waiting for rate limits included."""
    max_retries: int = 2
    rate_limit_timeout: float = RATE_LIMIT_TIMEOUT
    """Seconds to wait for rate limits in all; then ``RateLimitError``."""
    include_name_in_message: bool = True
    """Send the agent's name, in ASCII, with user messages; some servers refuse it."""
    add_name_prefixes: bool = False
    send_reasoning: bool | None = None
    """Send reasoning back with tool calls: for models that reason, unless said."""

    @field_validator("response_format", mode="before")
    @classmethod
    def _plain_format(cls, response_format: Any) -> Any:
        if response_format is None or isinstance(response_format, Mapping):
            return response_format
        shape = parse_response_format(response_format)
        return None if shape is None else dict(shape.response_format)

    @field_validator("default_headers")
    @classmethod
    def _no_secret(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        secret = sorted(name for name in headers or {} if name.lower() in SECRET_HEADERS)
        if secret:
            raise ValueError(f"{', '.join(secret)}: secrets go in api_key, never in a component")
        return headers

    @classmethod
    def of(cls, model: str, settings: Mapping[str, Any]) -> LLMaaSClientConfig:
        """Check settings; ``ConfigurationError`` names those that are wrong, not their values."""
        try:
            return cls(model=model, **settings)
        except ValidationError as error:
            wrong = (f"{_place(e['loc'])}: {e['msg']}" for e in error.errors(include_input=False))
            raise ConfigurationError("; ".join(wrong)) from None

    def without_secrets(self) -> Self:
        """Return what a component and a pickle may hold: headers that are known to be harmless."""
        kept = redact_options({"headers": self.default_headers or {}, "proxy": self.proxy})
        headers, proxy = kept["headers"] or None, kept["proxy"]
        if headers == (self.default_headers or None) and proxy == self.proxy:
            return self
        return self.model_copy(update={"default_headers": headers, "proxy": proxy})

    def request_defaults(self) -> dict[str, Any]:
        """Return what every request carries."""
        values = {name: getattr(self, name) for name in REQUEST_FIELDS}
        return {name: value for name, value in values.items() if value is not None}


def _place(location: Sequence[int | str]) -> str:
    return ".".join(map(str, location))
