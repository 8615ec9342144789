"""What each method of the clients takes by keyword, said once for both of them.

Parameters that are not named here may be passed as well: they go to the service as they are
(a type checker wants them in ``extra_body``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from llmaas.settings import Limits, Timeout
from llmaas.wire.chat import ToolChoice

if TYPE_CHECKING:
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
    fallbacks: Sequence[str]
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


class CallOptions(TypedDict, total=False):
    """What every call takes. Times in seconds."""

    timeout: float | Timeout | None
    deadline: float | None
    extra_headers: Mapping[str, str] | None
    extra_body: Mapping[str, Any] | None
    """Fields to lay over those of the request."""


class ChatOptions(CallOptions, total=False):
    """``chat`` and ``stream``."""

    tools: Sequence[Mapping[str, Any]] | None
    tool_choice: ToolChoice
    """``none``, ``auto``, ``required``, a tool's name, or a dict."""
    response_format: Any
    """A dict as OpenAI takes it, a pydantic model or a dataclass."""
    conform: bool
    """Change the conversation to what the model's chat template takes. Defaults to the client's
    ``conform`` (True). Changes are listed in ``Completion.adjustments``."""
    repair: bool
    """Correct an answer that does not fit ``response_format`` (the default), or leave it."""
    max_tokens: int | None
    """16,384 unless said, at most half of the context; None leaves it to the service (1,024)."""
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
    """``False`` or ``"none"`` switches reasoning off, ``True`` on; ``"minimal"`` to ``"xhigh"``
    set the effort. Sends the fields that the model's family reads; ``completion.adjustments``
    tells what the family lacks, and an answer that reasoned all the same."""
    reasoning_effort: str | None
    """Sent as it is; ``reasoning`` knows what each model takes."""
    enable_thinking: bool | None
    """Sent as it is: for qwen models only, others fail on it, and vLLM ignores it."""
    fallbacks: Sequence[str] | None
    """Models to ask, in order, when the model is retired or unknown, answers 5xx or a spent 429,
    is too small for the prompt, or answers nothing. Defaults to those of the client. Streams
    then hand out reasoning only once text or a tool call has begun."""
    retry_empty: bool | None
    """Ask once more, with a changed prompt and less reasoning, when an answer is empty."""
    fresh: bool
    """Add a nonce to the last user message, so that no cache of a gateway replays an answer
    (see ``Completion.cached``)."""
    strict: bool | None
    """Refuse images for a model without vision, instead of warning. Defaults to the client's."""
    user: str | None
    stream_options: Mapping[str, Any] | None
    """Usage is asked for unless this says otherwise; None leaves it out."""


class EmbedOptions(CallOptions, total=False):
    """``embed``."""

    batch_size: int
    """Texts in one request: 64 unless said."""
    concurrency: int
    """Requests at once: 4 unless said."""
    dimensions: int | None
    """Numbers of a vector. Not sent where it is the model's own size."""
    encoding_format: str
    """``float`` (the default) or ``base64``."""
    numpy: bool
    """Return float32 arrays instead of lists."""
    isolate_errors: bool
    """Keep a refused text from costing its neighbours (the default), or raise an error that names
    it. Batches that are too large are halved in both cases."""
    progress: Callable[[int, int], None] | None
    """Called with (done, total) texts after each request, by one thread at a time."""
    on_batch: Callable[[int, Sequence[Any]], None] | None
    """Called with the first text's position and the vectors after each request, to keep what
    has come if a later one fails; several threads may call it at once."""
    on_model: Callable[[str], None] | None
    """Called with the name of the model that answers, before its vectors are given to
    ``on_batch``; again when another one answers."""
    continue_on_error: bool
    """Report a request that failed for good in ``errors`` of its texts, instead of raising. What
    every request would meet (401, 403, 404) is raised at once."""


class RerankOptions(CallOptions, total=False):
    """``rerank``."""

    top_n: int | None
    return_documents: bool | None
    version: int
    """Of the path: 2 (the default) or 1; the other one is used where a server lacks it."""
    isolate_errors: bool
    """Rank the others when one document is refused, and report it in ``errors`` (the default), or
    raise."""


class TranscribeOptions(CallOptions, total=False):
    """``transcribe``."""

    model: str | None
    language: str | None
    """ISO 639-1."""
    initial_prompt: str | None
    task: str | None
    """``transcribe``, or ``translate`` to English."""


class SpeakOptions(CallOptions, total=False):
    """``speak``."""

    voice: str
    response_format: str
    """``mp3`` (the default), ``opus``, ``aac``, ``flac``, ``wav`` or ``pcm``."""
    speed: float | None
    lang_code: str | None
    """One letter, for Kokoro only."""


class ImageOptions(CallOptions, total=False):
    """``images``."""

    size: str | None
    n: int | None
    response_format: str
    """``b64_json`` (the default) or ``url``."""


class BatchOptions(ChatOptions, total=False):
    """``submit_batch``: what all conversations of a lot share."""
