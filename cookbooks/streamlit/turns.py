"""Turns of a conversation: a question, its streamed answer and the result."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmaas import LLMaaS, LLMaaSError, ReasoningDelta, TextDelta, catalog
from llmaas.context import trim
from llmaas.text import visible
from llmaas_cli.demo import Source, build_messages
from meter import Meter

_MARKS = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~$:]")
_LIVE = re.compile(r":(?=[a-z/])|www(?=\.)|@")
"""Text that Streamlit renders as icons (``:material/home:``) or links even when escaped."""
_CITED = re.compile(r"\[(\d+)\]")


@dataclass(slots=True)
class Problem:
    """Error message and its fix."""

    kind: str
    message: str
    hint: str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, error: LLMaaSError) -> Problem:
        """Convert an error. The texts never contain the key."""
        message = getattr(error, "message", str(error))
        return cls(type(error).__name__, message, error.hint, getattr(error, "request_id", None))


@dataclass(slots=True)
class Turn:
    """Question with its answer, sources, usage and error."""

    question: str
    model: str
    sources: list[Source] = field(default_factory=list)
    reasoning: str = ""
    answer: str = ""
    machine: str | None = None
    spent: Meter | None = None
    empty_reason: str | None = None
    problem: Problem | None = None
    stopped: bool = False

    @property
    def cited(self) -> list[Source]:
        """Sources that the answer cites by number."""
        numbers = {int(number) for number in _CITED.findall(self.answer)}
        return [source for source in self.sources if source.number in numbers]


def messages(turn: Turn, earlier: Sequence[Turn]) -> list[Any]:
    """Build the API messages, trimmed to half of the model's context."""
    told: list[Any] = []
    for one in earlier:
        if one.answer:
            told += [_said("user", one.question), _said("assistant", one.answer)]
    asked: list[Any] = [_said("user", turn.question)]
    if turn.sources:
        asked = build_messages(turn.question, [source.passage for source in turn.sources])
    found = catalog.resolve(turn.model).model
    room = (found.context if found else None) or 16_000
    return trim([*asked[:-1], *told, asked[-1]], room // 2).messages


def stream(client: LLMaaS, turn: Turn, earlier: Sequence[Turn]) -> Generator[Turn, None, None]:
    """Stream the answer into the turn and yield it after each event. Closing ends the stream."""
    with client.stream(messages(turn, earlier), model=turn.model) as events:
        for event in events:
            if isinstance(event, TextDelta):
                turn.answer += event.text
            elif isinstance(event, ReasoningDelta):
                turn.reasoning += event.text
            yield turn
        backend, turn.empty_reason = events.completion.backend, events.completion.empty_reason
        turn.machine = backend.machine_name if backend else None


def without_pictures(text: str) -> str:
    """Escape Markdown images.

    The browser would load them, so that a malicious document could leak data through the URL.
    """
    return visible(text).replace("![", "!\\[")


def plain(text: str) -> str:
    """Escape text so that no Markdown in it is rendered."""
    broken = _LIVE.sub("\\g<0>\u2060", visible(text))
    return _MARKS.sub(r"\\\g<0>", broken)


def _said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
