"""Public value types: completions, stream events, embeddings and batches.

All are frozen and slotted. Amounts are in EUR, energy in kWh, times in seconds. ``extra`` keeps
fields that the service sent beyond the documented ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias

from llmaas._empty_reason import explain_empty_answer
from llmaas._headers import Headers
from llmaas._tokens import Usage as Usage
from llmaas.answer_metadata import build_metadata
from llmaas.pricing import chat_cost_micro_eur
from llmaas.result_types import Backend as Backend
from llmaas.result_types import Image as Image
from llmaas.result_types import LiveModel as LiveModel
from llmaas.result_types import RerankResponse as RerankResponse
from llmaas.result_types import RerankResult as RerankResult
from llmaas.result_types import Speech as Speech
from llmaas.result_types import Transcription as Transcription
from llmaas.result_types import known_values

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Parsed = TypeVar("Parsed", default=Any, covariant=True)
else:  # without importing typing_extensions, which no other module needs at run time
    from typing import TypeVar

    Parsed = TypeVar("Parsed", covariant=True)

FinishReason: TypeAlias = str
"""``stop``, ``length``, ``tool_calls``, ``content_filter``; unknown values pass through."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Rate limit headers (``X-RateLimit-*-Requests``); ``reset`` is in epoch seconds."""

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None

    def to_dict(self) -> dict[str, float]:
        """Return the known values by name."""
        return known_values(self)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Tool call that the model requests.

    ``arguments`` is the JSON text that the model wrote, ``{}`` if it wrote none.
    """

    id: str
    name: str
    arguments: str
    cut: bool = False
    """Whether the call was truncated or may lack arguments. Never run such a call."""

    def parsed(self) -> dict[str, Any]:
        """Parse the arguments.

        Raises ``ValueError`` if the call was cut or the arguments are not a JSON object.
        """
        import json

        if self.cut:
            raise ValueError(
                f"tool call {self.name!r} was truncated, got arguments {self.arguments[:200]!r}."
                " Raise max_tokens."
            )
        value = json.loads(self.arguments or "{}")
        if not isinstance(value, dict):
            raise ValueError(
                f"arguments of {self.name!r} must be a JSON object, got {type(value).__name__}"
            )
        return value

    def to_dict(self) -> dict[str, Any]:
        """Convert to a call of an assistant's message."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a completion; ``n`` requests several."""

    index: int = 0
    content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason | None = None
    logprobs: Mapping[str, Any] | None = None
    reasoning_field: str | None = None
    """Source of the reasoning: ``reasoning_content``, ``reasoning``, ``thinking``, or ``content``
    for text between think tags."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Change that the client made to a request, or option that the model ignored."""

    kind: str
    """Short name: ``max_tokens``, ``reasoning``, ``system_position``, ..."""
    detail: str
    """Description of the change."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Request of a call that needed several (see ``fallbacks`` and ``retry_empty``)."""

    model: str
    error: Exception | None = None
    """The error that ended the attempt; None for an answer."""
    usage: Usage | None = None
    empty: bool = False
    """Whether the answer had neither text nor a tool call."""


@dataclass(frozen=True, slots=True)
class Completion(Generic[Parsed]):
    """Complete answer of a chat, streamed or not.

    Type checkers know the type of ``parsed``: ``chat(response_format=City)`` returns a
    ``Completion[City]``.
    """

    id: str | None
    model: str
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    backend: Backend | None = None
    created: int | None = None
    request_id: str | None = None
    rate_limit: RateLimit | None = None
    requested_model: str | None = None
    parsed: Parsed = None  # type: ignore[assignment]
    """Value of a structured answer: an instance of the given type, or plain JSON."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()
    """Changes that the client made to the request, and options that the model ignored."""
    attempts: tuple[Attempt, ...] = ()
    """All requests of the call if there were several, including the last. ``usage`` sums their
    tokens."""
    resends: int = 0
    """Number of retries after failures (see ``max_retries``)."""
    headers: Headers = field(default_factory=Headers)
    """Response headers without cookies and keys."""

    def metadata(self) -> dict[str, Any]:
        """Return the provenance of the answer as plain JSON values, without absent ones.

        Keys: ``request_id``, ``requested_model``, ``backend``, ``rate_limit``, ``cost_eur``; rarely
        ``cached`` (replayed by a gateway), ``adjustments`` of the request, ``attempts`` (all
        requests if there were several) and ``empty_reason``.
        """
        return build_metadata(self)

    def to_message(self) -> dict[str, Any]:
        """Convert the answer to an assistant's message, to continue the conversation.

        Tool calls that were cut are left out. Reasoning is kept beside tool calls, whose results
        the model reads together with it.
        """
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if calls := [call.to_dict() for call in self.tool_calls if not call.cut]:
            message["tool_calls"] = calls
            if self.reasoning:
                message["reasoning_content"] = self.reasoning
        return message

    @property
    def _first(self) -> Choice:
        return self.choices[0] if self.choices else Choice()

    @property
    def text(self) -> str:
        """Text of the answer without reasoning; empty if there is none."""
        return self._first.content or ""

    @property
    def reasoning(self) -> str | None:
        """Reasoning of the model, whichever field or tag contained it."""
        return self._first.reasoning

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """Tool calls of the first choice, in order."""
        return self._first.tool_calls

    @property
    def finish_reason(self) -> FinishReason | None:
        """Finish reason of the first choice."""
        return self._first.finish_reason

    @property
    def cached(self) -> bool:
        """Whether a gateway's cache replayed the answer (``x-cache: hit``).

        Usage and cost of a cached answer may differ from what is billed.
        """
        return self.headers.is_cache_hit

    @property
    def empty_reason(self) -> str | None:
        """Explanation of an answer without text and tool calls, with the fix; None otherwise."""
        first = self._first
        if first.tool_calls or first.refusal or (first.content and first.content.strip()):
            return None
        return explain_empty_answer(self.model, first.finish_reason, reasoned=bool(first.reasoning))

    @property
    def cost_micro_eur(self) -> int | None:
        """Cost in micro-EUR by today's tariff; None without usage."""
        return None if self.usage is None else chat_cost_micro_eur(self.usage)

    @property
    def cost(self) -> float | None:
        """Cost in EUR by today's tariff; None without usage."""
        micro = self.cost_micro_eur
        return None if micro is None else micro / 1_000_000


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Piece of the answer's text."""

    text: str
    index: int = 0
    logprobs: Mapping[str, Any] | None = None
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Piece of the model's reasoning."""

    text: str
    index: int = 0
    type: Literal["reasoning"] = "reasoning"


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """Piece of a tool call; only the first piece has ``id`` and ``name``.

    ``position`` numbers the calls of a choice 0, 1, ... in order of appearance, whether or not
    the service sent an ``index``.
    """

    position: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    index: int = 0
    type: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True)
class Done(Generic[Parsed]):
    """Last event of every complete stream; ``completion`` is the whole answer."""

    completion: Completion[Parsed]
    type: Literal["done"] = "done"


if TYPE_CHECKING:
    Event: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | Done[Parsed]
else:
    Event = TextDelta | ReasoningDelta | ToolCallDelta | Done  # as isinstance accepts it


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors in the order of the inputs; None for failed inputs (see ``errors``)."""

    vectors: list[Any]
    model: str
    usage: Usage | None = None
    errors: Mapping[int, Exception] = field(default_factory=dict)

    @property
    def cost_micro_eur(self) -> int | None:
        """Cost in micro-EUR at the chat price of input tokens (inferred); None without usage."""
        return None if self.usage is None else chat_cost_micro_eur(self.usage)


@dataclass(frozen=True, slots=True)
class Batch:
    """Batch of conversations at half price, with results within 24 hours.

    ``status`` is ``queued``, ``in_progress``, ``completed`` (items may have failed) or ``failed``.
    A batch that expired or was lost is not found (404).
    """

    id: str
    status: str
    model: str
    requested_model: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    results: tuple[Completion | Exception, ...] = ()
    """Results as the service sent them; empty until the batch is done."""
    answers: tuple[Completion | Exception, ...] = ()
    """One result per conversation; an error where a failed batch does not report it."""
    error: Mapping[str, Any] | None = None
    adjustments: tuple[tuple[Adjustment, ...], ...] = ()
    """Changes that ``submit_batch`` made to each conversation; empty if it made none."""

    @property
    def done(self) -> bool:
        """Whether the batch has ended."""
        return self.status in ("completed", "failed", "expired")

    @property
    def cost_micro_eur(self) -> int:
        """Cost in micro-EUR of the available results, by today's batch tariff."""
        answers = [r for r in self.results if isinstance(r, Completion)]
        return sum(chat_cost_micro_eur(r.usage, batch=True) for r in answers if r.usage)
