"""Keyword arguments of the clients and of their methods.

Other parameters are accepted, too, and sent to the service unchanged (a type checker requires
them in ``extra_body``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypedDict

from llmaas.model_names import ChatModelName, TranscriptionModelName
from llmaas.settings import Limits, Timeout
from llmaas.wire.chat import ToolChoice

if TYPE_CHECKING:
    from llmaas.catalog.profile import Profile
    from llmaas.hooks import Hook


class ClientOptions(TypedDict, total=False):
    """``LLMaaS`` and ``AsyncLLMaaS``. Times in seconds."""

    api_key: str | Callable[[], Any] | None
    """A string, or a callable for keys that rotate. Defaults to ``LLMAAS_API_KEY``."""
    base_url: str | None
    """With or without ``/v1``. Defaults to ``LLMAAS_BASE_URL``, then to the service."""
    timeout: float | Timeout | None
    """The longest silence. Defaults to 10 for connecting and 600 for reading."""
    max_retries: int
    """Retries after connection errors, 408, 409, 429 and 5xx. Defaults to 2."""
    deadline: float | None
    """The longest duration of a call, retries included. Defaults to no limit."""
    ca_bundle: str | None
    """Path of a file with trusted certificates. Defaults to ``LLMAAS_CA_BUNDLE``."""
    proxy: str | None
    """Address of a proxy. Defaults to that of the environment (``HTTPS_PROXY``)."""
    headers: Mapping[str, str] | None
    """Headers of every request."""
    limits: Limits | None
    """Limits of the size of an answer. Defaults to ``Limits()``."""
    hooks: Sequence[Hook]
    """Code that runs before and after every call: quotas, budgets, telemetry."""
    fallbacks: Sequence[ChatModelName]
    """Models to try, in order, if the model of a call fails (see ``ChatOptions``)."""
    retry_empty: bool
    """Send the request once more after an empty answer. Defaults to False."""
    max_file_bytes: int
    """Size of the largest local file that is read. Defaults to 64 MiB."""
    strict: bool
    """Raise for an input that the model is not known to accept, instead of warning. Defaults to
    False."""
    conform: bool
    """Change conversations to what the model's chat template accepts. Defaults to True."""
    profile: Profile | str | PathLike[str] | Mapping[str, Any] | None
    """What `llmaas probe --save` measured, or its file; it overrides the packaged catalog. Defaults
    to ``LLMAAS_PROFILE``."""


class CallOptions(TypedDict, total=False):
    """Options of every call. Times in seconds."""

    timeout: float | Timeout | None
    deadline: float | None
    extra_headers: Mapping[str, str] | None
    extra_body: Mapping[str, Any] | None
    """Fields that are merged into the request body, and win."""


class TextOptions(CallOptions, total=False):
    """Options of ``chat`` and ``stream``, without ``response_format``."""

    tools: Sequence[Mapping[str, Any]] | None
    tool_choice: ToolChoice
    """``none``, ``auto``, ``required``, a tool's name, or a dict."""
    conform: bool
    """Change the conversation to what the model's chat template accepts. Defaults to the client's
    ``conform`` (True). Changes are listed in ``Completion.adjustments``."""
    repair: bool
    """Correct an answer that does not match ``response_format``. Defaults to True."""
    max_tokens: int | None
    """Defaults to 16,384, capped at half the model's context. Pass None for the server default
    (1,024)."""
    temperature: float | None
    top_p: float | None
    presence_penalty: float | None
    frequency_penalty: float | None
    stop: str | Sequence[str] | None
    seed: int | None
    n: int | None
    logprobs: bool | None
    top_logprobs: int | None
    reasoning: bool | str | None
    """``False`` or ``"none"`` switches reasoning off, ``True`` on; ``"minimal"`` to ``"xhigh"`` set
    the effort. Converted to the fields that the model's family reads;
    ``completion.adjustments`` lists what the family lacks, and reasoning despite the option."""
    reasoning_effort: str | None
    """Sent unchanged; prefer ``reasoning``, which every model accepts."""
    enable_thinking: bool | None
    """Sent unchanged, for qwen models only: others reject it, and vLLM ignores it."""
    fallbacks: Sequence[ChatModelName] | None
    """Models to try, in order, if the model is retired or unknown, returns 5xx or a 429 after all
    retries, has too small a context, or returns an empty answer. Defaults to those of the client.
    Streams then yield reasoning only once text or a tool call has begun."""
    retry_empty: bool | None
    """Send an empty answer's request once more, with a changed prompt and less reasoning. Defaults
    to the client's ``retry_empty`` (False)."""
    fresh: bool
    """Add a nonce to the last user message, so that no gateway cache replays an answer (see
    ``Completion.cached``). Defaults to False."""
    strict: bool | None
    """Raise for images to a model without vision, instead of warning. Defaults to the client's
    ``strict`` (False)."""
    user: str | None
    stream_options: Mapping[str, Any] | None
    """Defaults to ``{"include_usage": True}``; None omits the field."""


class ChatOptions(TextOptions, total=False):
    """Options of ``chat`` and ``stream``."""

    response_format: Any
    """A dict in OpenAI's format, a pydantic model or a dataclass."""


class EmbedOptions(CallOptions, total=False):
    """Options of ``embed``."""

    batch_size: int
    """Texts per request. Defaults to 64."""
    concurrency: int
    """Concurrent requests. Defaults to 4."""
    dimensions: int | None
    """Size of a vector. Not sent if it is the model's own size."""
    encoding_format: str
    """``float`` or ``base64``. Defaults to ``float``."""
    numpy: bool
    """Return float32 arrays instead of lists. Defaults to False."""
    isolate_errors: bool
    """Report a refused text in ``errors`` and embed the others, or raise an error that names it.
    Batches that are too large are halved in both cases. Defaults to True."""
    progress: Callable[[int, int], None] | None
    """Called with (done, total) texts after each request, by one thread at a time."""
    on_batch: Callable[[int, Sequence[Any]], None] | None
    """Called with the first text's position and the vectors after each request, to save them if a
    later one fails; several threads may call it concurrently."""
    on_model: Callable[[str], None] | None
    """Called with the name of the model that answered, before its vectors are passed to
    ``on_batch``, and again whenever the name changes."""
    continue_on_error: bool
    """Report a failed request in ``errors`` of its texts, instead of raising. Errors that every
    request would meet (401, 403, 404) are raised in any case. Defaults to False."""


class RerankOptions(CallOptions, total=False):
    """Options of ``rerank``."""

    top_n: int | None
    return_documents: bool | None
    version: int
    """Version of the path, 1 or 2; the other one is used if a server lacks it. Defaults to 2."""
    isolate_errors: bool
    """Report a refused document in ``errors`` and rank the others, or raise. Defaults to True."""


class TranscribeOptions(CallOptions, total=False):
    """Options of ``transcribe``."""

    model: TranscriptionModelName | None
    language: str | None
    """ISO 639-1 code."""
    initial_prompt: str | None
    task: str | None
    """``transcribe``, or ``translate`` (to English)."""


class SpeakOptions(CallOptions, total=False):
    """Options of ``speak``."""

    voice: str
    response_format: str
    """``mp3``, ``opus``, ``aac``, ``flac``, ``wav`` or ``pcm``. Defaults to ``mp3``."""
    speed: float | None
    lang_code: str | None
    """One letter, for Kokoro only."""


class ImageOptions(CallOptions, total=False):
    """Options of ``generate_images``."""

    size: str | None
    n: int | None
    response_format: str
    """``b64_json`` or ``url``. Defaults to ``b64_json``."""


class BatchOptions(ChatOptions, total=False):
    """Options of ``submit_batch``, shared by all conversations of a batch."""
