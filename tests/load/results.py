"""Results of all streams, in constant memory."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from fault_schedule import Strike
from workload import Said

from llmaas.errors import LLMaaSError, StreamError, StreamInterrupted
from llmaas.types import Completion, Event

SHOWN = 5
"""Wrong answers that are printed; all are counted."""


@dataclass
class Tally:
    """Counts; several threads may write."""

    streams: int = 0
    events: int = 0
    struck: int = 0
    right: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    seconds: Counter[float] = field(default_factory=Counter)
    """How long streams took, by tenths of a second."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ended(self, strike: Strike, seconds: float, verdict: str) -> None:
        """Count one stream."""
        with self.lock:
            self.streams += 1
            self.struck += bool(strike.fault)
            self.seconds[round(seconds, 1)] += 1
            if verdict == "right":
                self.right += 1
            elif verdict.startswith("error: "):
                self.errors[verdict.removeprefix("error: ")] += 1
            else:
                self.wrong += 1
                if self.wrong <= SHOWN:
                    print(f"WRONG ({strike.fault or 'no fault'}): {verdict}", file=sys.stderr)

    def longest_of(self, share: float) -> float:
        """Return how long that share of the streams took at most, in seconds."""
        left = share * self.streams
        for seconds in sorted(self.seconds):
            left -= self.seconds[seconds]
            if left <= 0:
                return seconds
        return 0.0


class Hearing:
    """One answer as it comes."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.events = 0
        self.completion: Completion | None = None

    def take(self, event: Event) -> None:
        """Note an event."""
        self.events += 1
        if event.type == "text":
            self.text.append(event.text)
        elif event.type == "done":
            self.completion = event.completion


def of_answer(heard: Hearing, said: Said) -> str:
    """Compare an answer that claims to be whole, and the pieces that it came in."""
    completion = heard.completion
    if completion is None:
        return "a stream without an end"
    came = Said(
        completion.text,
        (completion.reasoning or "").strip(),
        tuple((call.name, call.arguments) for call in completion.tool_calls),
        completion.finish_reason or "",
        completion.usage.total_tokens if completion.usage else 0,
    )
    if came != said:
        return f"{came} instead of {said}"
    pieces = "".join(heard.text)
    return "right" if pieces == said.text else f"pieces {pieces!r} of {said.text!r}"


def of_error(error: Exception, said: Said, strike: Strike) -> str:
    """Judge an error: one of ours, where one may come, and what it carries is no invention."""
    if not isinstance(error, LLMaaSError) or not strike.may_fail:
        return f"{type(error).__name__}: {error}"
    partial: Any = error.completion if isinstance(error, StreamInterrupted | StreamError) else None
    if partial is not None and not said.text.startswith(partial.text):
        return f"the error carries {partial.text!r} of {said.text!r}"
    return f"error: {type(error).__name__}"
