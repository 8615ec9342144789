"""Accumulation of chunks (or one whole body) to events and a ``Completion``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmaas._headers import Headers
from llmaas.types import Completion, Event, Usage
from llmaas.wire.choice_accumulator import ChoiceAccumulator
from llmaas.wire.chunk_choices import are_whole, from_ollama, has_content, with_distinct_indexes
from llmaas.wire.usage import (
    RATE_LIMIT_NAMES,
    is_blank_usage,
    parse_backend,
    parse_rate_limit,
    parse_usage,
)

_TOP = frozenset({"id", "object", "created", "model", "choices", "usage", "backend"})


@dataclass(slots=True)
class Context:
    """Facts about a request that the parsing of its answer needs."""

    requested_model: str
    headers: Headers = field(default_factory=Headers)
    seed: str = ""
    """Seed of generated ids if the service sends none; the same seed gives the same ids."""
    hold: int = 0
    """Characters of text to buffer, in case it is reasoning without its opening tag."""
    may_lack_opening_tag: bool = True
    """Whether a lone ``</think>`` ends reasoning; it is text if the model never reasons."""
    choices: int = 1
    """Number of requested choices (``n``)."""
    resends: int = 0
    """Number of retries of the request."""
    tools: Sequence[object] = ()
    """Tools of the request, as sent; their names identify garbled calls."""
    tool_choice: object = None
    """Tool choice of the request, as sent."""
    max_tokens: int | None = None
    """Token limit of the answer, if the request has one."""
    rate_limit_names: Sequence[str] = RATE_LIMIT_NAMES
    """Header names of the rate limit: limit, remaining, reset."""


class ChoiceFailed(Exception):  # noqa: N818 - internal to this package
    """Error inside a choice (OpenRouter, gateways)."""

    def __init__(self, error: Mapping[str, object]) -> None:
        super().__init__()
        self.error = error


class CompletionAccumulator:
    """Accumulator of a completion from chunks in every recorded format."""

    __slots__ = (
        "_backend",
        "_choices",
        "_context",
        "_created",
        "_extra",
        "_id",
        "_model",
        "_parsed",
        "_parsed_from",
        "_usage",
        "closing_usage",
        "is_finished",
    )

    def __init__(self, context: Context) -> None:
        self._context = context
        self._choices: dict[int, ChoiceAccumulator] = {}
        self._id: str | None = None
        self._model: str | None = None
        self._created: int | None = None
        self._usage: object = None
        self._parsed: Usage | None = None
        self._parsed_from: object = None
        """Raw usage that ``_parsed`` was parsed from."""
        self._extra: dict[str, object] = {}
        self._backend: object = None
        self.closing_usage = False
        """Whether usage was received in a chunk without choices, which follows the last choice."""
        self.is_finished = False
        """Whether all requested choices have a finish reason."""

    def feed(self, chunk: Mapping[str, object], events: list[Event]) -> None:
        """Process a chunk; append its events to ``events``."""
        choices = chunk.get("choices")
        if self._id is None:
            self._take_head(chunk)
            self._take_rest(chunk)
        elif len(chunk) != 5 or "usage" in chunk or "backend" in chunk or not choices:
            self._take_rest(chunk)  # more than id, object, created, model, choices
        if choices is None and isinstance(chunk.get("message"), dict):
            choices = [from_ollama(chunk)]
        if not isinstance(choices, list):
            return
        if len(choices) > 1 and (self._context.choices > 1 or are_whole(choices)):
            choices = with_distinct_indexes(choices)
        for raw in choices:
            if isinstance(raw, dict):
                self._take_choice(raw, events)

    def finish(self, events: list[Event], *, complete: bool = True) -> None:
        """Emit buffered events of all choices; ``complete`` means that the answer is complete."""
        for choice in self._choices.values():
            exhausted = choice.calls_tools and self._is_exhausted()
            choice.finish(events, complete=complete, exhausted=exhausted)

    def _is_exhausted(self) -> bool:
        """Whether the answer used all allowed tokens, whatever its finish reason.

        vLLM reports ``tool_calls`` for a call that ``max_tokens`` cut.
        """
        allowed = self._context.max_tokens
        if allowed is None or len(self._choices) != 1:
            return False
        usage = self._parsed_usage()
        return usage is not None and usage.completion_tokens >= allowed

    @property
    def has_usage(self) -> bool:
        """Whether usage was received."""
        return self._usage is not None

    def _parsed_usage(self) -> Usage | None:
        """Return the latest usage, parsed once."""
        if self._usage is not self._parsed_from:
            self._parsed_from, self._parsed = self._usage, parse_usage(self._usage)
        return self._parsed

    @property
    def has_content(self) -> bool:
        """Whether any content was received; a role alone does not count."""
        return any(choice.has_content for choice in self._choices.values())

    @property
    def has_choices(self) -> bool:
        """Whether any choice was received."""
        return bool(self._choices)

    @property
    def finished(self) -> bool:
        """Whether every choice that began has a finish reason."""
        return bool(self._choices) and all(c.finish_reason for c in self._choices.values())

    @property
    def has_all_choices(self) -> bool:
        """Whether as many choices began as were requested."""
        return len(self._choices) >= self._context.choices

    def infer_finish_reasons(self) -> None:
        """Set missing finish reasons of a complete answer."""
        for choice in self._choices.values():
            choice.infer_finish_reason()

    @property
    def lacks_opening_tag(self) -> bool:
        """Whether the reasoning of any choice ended with a lone ``</think>``."""
        return any(choice.lacks_opening_tag for choice in self._choices.values())

    def completion(self) -> Completion:
        """Build the completion from the data received so far."""
        context = self._context
        ordered = sorted(self._choices.items()) if len(self._choices) > 1 else self._choices.items()
        return Completion(
            id=self._id,
            model=self._model or context.requested_model,
            choices=tuple([choice.choice() for _, choice in ordered]),
            usage=self._parsed_usage(),
            backend=parse_backend(self._backend),
            created=self._created,
            request_id=context.headers.get("x-request-id"),
            rate_limit=parse_rate_limit(context.headers, context.rate_limit_names),
            requested_model=context.requested_model,
            extra=self._extra,
            resends=context.resends,
            headers=context.headers,
        )

    def _take_head(self, chunk: Mapping[str, Any]) -> None:
        if chunk.get("id") is not None:
            self._id = str(chunk["id"])
        if self._model is None and chunk.get("model"):
            self._model = str(chunk["model"])
        if self._created is None and isinstance(chunk.get("created"), int):
            self._created = chunk["created"]

    def _take_rest(self, chunk: Mapping[str, object]) -> None:
        usage = chunk.get("usage")
        if usage:  # repeated usage is cumulative: the last one counts
            if self._usage is None or not is_blank_usage(usage):
                self._usage = usage
            self.closing_usage = self._is_closing(chunk.get("choices"))
        elif "eval_count" in chunk:
            self._usage = {
                "prompt_tokens": chunk.get("prompt_eval_count"),
                "completion_tokens": chunk.get("eval_count"),
            }
        if chunk.get("backend"):
            self._backend = chunk["backend"]
        for key, value in chunk.items():
            if key not in _TOP and value is not None:
                self._extra[key] = value

    def _is_closing(self, choices: Any) -> bool:
        """Whether a chunk has no choices, or empty ones after the content (LiteLLM)."""
        if not choices or not self._choices:
            return not choices
        return self.has_content and not any(map(has_content, choices))

    def _take_choice(self, raw: Mapping[str, object], events: list[Event]) -> None:
        """Add a delta of a stream, or a whole message, to its choice.

        Raises ``ChoiceFailed`` if the choice reports an error.
        """
        index = raw.get("index")
        index = index if isinstance(index, int) else 0
        choice = self._choices.get(index)
        if choice is None:
            context = self._context
            choice = ChoiceAccumulator(
                index,
                context.seed,
                context.hold,
                may_lack_opening_tag=context.may_lack_opening_tag,
                tools=context.tools,
                tool_choice=context.tool_choice,
            )
            self._choices[index] = choice
        delta = raw.get("delta")
        if isinstance(delta, dict):
            choice.feed(raw, delta, events)
        else:
            message = raw.get("message")
            if not isinstance(message, dict):
                message = {"content": raw.get("text")}  # classic completions
            choice.feed(raw, message, events, whole=True)
        if "error" in raw:
            _check_error(raw["error"])
        if choice.finish_reason == "error" and isinstance(delta, dict):
            _check_error(delta.get("error"))
        if choice.finish_reason is not None:
            if self._usage is None:
                self._usage = raw.get("usage")  # Moonshot sends it there
            self._note_finish(choice.finish_reason)

    def _note_finish(self, reason: str) -> None:
        if reason == "error":
            raise ChoiceFailed({"message": "the engine stopped with an error", "code": 500})
        self.is_finished = self.finished and self.has_all_choices


def _check_error(error: object) -> None:
    """Raise ``ChoiceFailed`` if a choice contains an error."""
    if error:
        raise ChoiceFailed(error if isinstance(error, Mapping) else {"message": str(error)})
