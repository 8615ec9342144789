"""What the core hands out: frozen, slotted values that name things as the field does.

Amounts are in EUR, energy in kWh, times in seconds. ``extra`` keeps what the service
sent beyond the documented fields, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

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

FinishReason: TypeAlias = str
"""``stop``, ``length``, ``tool_calls``, ``content_filter``; unknown ones are passed on."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The ``X-RateLimit-*-Requests`` headers; ``reset`` is epoch seconds."""

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None

    def to_dict(self) -> dict[str, float]:
        """Return the known values by name."""
        return known_values(self)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that the model asks for.

    ``arguments`` is the JSON text that the model wrote, ``{}`` where it wrote none.
    """

    id: str
    name: str
    arguments: str
    cut: bool = False
    """Whether the call was truncated, or may lack arguments: never run it."""

    def parsed(self) -> dict[str, Any]:
        """Parse the arguments.

        Raises ``ValueError`` if the call was cut, or if they are not a JSON object.
        """
        import json

        if self.cut:
            raise ValueError(
                f"the call of {self.name!r} was truncated, got arguments {self.arguments[:200]!r}:"
                " raise max_tokens"
            )
        value = json.loads(self.arguments or "{}")
        if not isinstance(value, dict):
            raise ValueError(f"arguments of {self.name!r} are not a JSON object")
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer. There is one unless ``n`` was given."""

    index: int = 0
    content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason | None = None
    logprobs: Mapping[str, Any] | None = None
    reasoning_field: str | None = None
    """Where the reasoning came: ``reasoning_content``, ``reasoning``, ``thinking``, or
    ``content`` for text between think tags."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One change that the client made to a request, or a request that the model ignored."""

    kind: str
    """A short name: ``max_tokens``, ``reasoning``, ``system_position``, ..."""
    detail: str
    """The change in words."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a call that needed several (see ``fallbacks`` and ``retry_empty``)."""

    model: str
    error: Exception | None = None
    """The error that ended the attempt; None for an answer."""
    usage: Usage | None = None
    empty: bool = False
    """Whether the answer had neither text nor a tool call."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer, whether it was streamed or not."""

    id: str | None
    model: str
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    backend: Backend | None = None
    created: int | None = None
    request_id: str | None = None
    rate_limit: RateLimit | None = None
    requested_model: str | None = None
    parsed: Any = None
    """The value asked for with a pydantic model, a dataclass or a JSON schema."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()
    """Changes that the client made to the request, and options that the model ignored."""
    attempts: tuple[Attempt, ...] = ()
    """All requests of the call, the last one included, where there were several; their tokens
    are added up in ``usage``."""
    resends: int = 0
    """Requests that were sent again after a failure (see ``max_retries``)."""
    headers: Headers = field(default_factory=Headers)
    """Headers of the response, without cookies and keys."""

    def metadata(self) -> dict[str, Any]:
        """Return the provenance of the answer as plain JSON values; absent ones are left out.

        ``request_id``, ``requested_model``, ``backend``, ``rate_limit``, ``cost_eur``, and of few
        answers ``cached`` (replayed by a gateway), ``adjustments`` of the request, ``attempts``
        (all requests, if there were several) and ``empty_reason``.
        """
        return build_metadata(self)

    @property
    def _first(self) -> Choice:
        return self.choices[0] if self.choices else Choice()

    @property
    def text(self) -> str:
        """The answer's text without reasoning; empty when there is none."""
        return self._first.content or ""

    @property
    def reasoning(self) -> str | None:
        """What the model thought, whichever of the three shapes it came in."""
        return self._first.reasoning

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls of the first choice, in order."""
        return self._first.tool_calls

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the first choice ended."""
        return self._first.finish_reason

    @property
    def cached(self) -> bool:
        """Whether a gateway's cache replayed the answer (``x-cache: hit``).

        Its usage and cost are then no evidence of what is billed.
        """
        return self.headers.is_cache_hit

    @property
    def empty_reason(self) -> str | None:
        """Why there is neither text nor a tool call, and what to do; None for a real answer."""
        first = self._first
        if first.tool_calls or first.refusal or (first.content and first.content.strip()):
            return None
        return explain_empty_answer(self.model, first.finish_reason, reasoned=bool(first.reasoning))

    @property
    def cost_micro_eur(self) -> int | None:
        """The cost in millionths of a euro by today's tariff; None without usage."""
        return None if self.usage is None else chat_cost_micro_eur(self.usage)

    @property
    def cost(self) -> float | None:
        """The cost in EUR by today's tariff; None without usage."""
        micro = self.cost_micro_eur
        return None if micro is None else micro / 1_000_000


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text."""

    text: str
    index: int = 0
    logprobs: Mapping[str, Any] | None = None
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of what the model thinks."""

    text: str
    index: int = 0
    type: Literal["reasoning"] = "reasoning"


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call. ``id`` and ``name`` are set on the first piece only.

    ``position`` numbers the calls of a choice 0, 1, ... in order of appearance, whatever
    (or nothing) the service sent as ``index``.
    """

    position: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    index: int = 0
    type: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of every complete stream; ``completion`` is the whole answer."""

    completion: Completion
    type: Literal["done"] = "done"


Event: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | Done


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors in the order of the inputs; ``None`` where an input was refused (see ``errors``)."""

    vectors: list[Any]
    model: str
    usage: Usage | None = None
    errors: Mapping[int, Exception] = field(default_factory=dict)

    @property
    def cost_micro_eur(self) -> int | None:
        """The cost in millionths of a euro, taking input tokens at the chat price (inferred)."""
        return None if self.usage is None else chat_cost_micro_eur(self.usage)


@dataclass(frozen=True, slots=True)
class Batch:
    """A lot of conversations at half price. ``results`` is positional, once it is there.

    ``status``: ``queued``, ``in_progress``, ``completed`` (items may still have failed),
    ``failed``. A lot that expired or was lost is not found (404).
    """

    id: str
    status: str
    model: str
    requested_model: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    results: tuple[Completion | Exception, ...] = ()
    """As the service sent them."""
    answers: tuple[Completion | Exception, ...] = ()
    """One for each conversation: an error where a lot that failed tells nothing of it."""
    error: Mapping[str, Any] | None = None
    adjustments: tuple[tuple[Adjustment, ...], ...] = ()
    """Changes that ``submit_batch`` made to each conversation; empty where it made none."""

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ("completed", "failed", "expired")

    @property
    def cost_micro_eur(self) -> int:
        """The cost in millionths of a euro by today's batch tariff, of the results that came."""
        answers = [r for r in self.results if isinstance(r, Completion)]
        return sum(chat_cost_micro_eur(r.usage, batch=True) for r in answers if r.usage)
