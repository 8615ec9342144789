"""Fault cases: every fault of the sandbox, the request, and the expected outcome.

A fault hits the first attempt only, and one retry is allowed. The answer must be right if a retry
can fix it, otherwise a typed error. A lasting fault must be an error after exactly one retry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.helpers.contract.driver import MODEL, WEATHER, Answer, Driver, Mode
from tests.helpers.contract.registry import CALLS, THOUGHT, City

RIGHT, RETRIED, ERROR = "right", "right after retry", "typed error"
EITHER = f"{RETRIED} or {ERROR}"
"""For what hangs on whether a piece had been handed out when the connection broke."""
LONG = 20.0
SILENCE = 3.0
"""Seconds until a silent answer is given up: enough for a busy machine to answer the retry."""
OPENS_IN_PROMPT = "qwen3.6:27b"
"""Of a family that is known to open its reasoning inside the prompt, so that only its end comes."""
TEXT = "Été à Orléans : un, deux, trois, quatre, cinq."
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
SAYING = {"content": TEXT, "reasoning": THOUGHT, "usage": USAGE}
SAID = Answer(TEXT, THOUGHT, tokens=8)
CALLED = Answer(calls=[("get_weather", call["arguments"]) for call in CALLS], tokens=8)
SHAPED = Answer(value=City(name="Paris"))


@dataclass(frozen=True)
class Case:
    """One fault, written as in the sandbox's header."""

    fault: str
    whole: str | None = RIGHT
    """What must come of a whole answer; None: the fault is about streams."""
    streamed: str | None = RIGHT
    answer: Answer = field(default_factory=lambda: SAID)
    """What the sandbox says without the fault."""
    step: Mapping[str, Any] = field(default_factory=lambda: SAYING)
    request: Mapping[str, Any] = field(default_factory=dict)
    model: str = MODEL
    timeout: float | None = LONG
    deadline: float = LONG
    asked: int = 1
    """How many times the same client asks; the last time counts."""
    corrected: bool = False
    """The fault is there all the time, but another question avoids it."""
    lasts: bool = False
    """The fault strikes every attempt."""
    otherwise: Mapping[str, str | None] = field(default_factory=dict)
    """What must come of it with drivers whose framework parses the text itself; None: skipped."""

    @property
    def script(self) -> list[Mapping[str, Any]]:
        """Return the steps for the sandbox; without one it answers as it finds."""
        spoilt = {**self.step, "fault": self.fault}
        if self.lasts or self.corrected:
            return [spoilt] * 3
        return [spoilt, self.step] if self.step else [spoilt]

    @property
    def title(self) -> str:
        """The row of the table."""
        limits = f", {self.deadline:g} s allowed" if self.deadline < LONG else ""
        return f"`{self.fault}`{', each time' if self.lasts else ''}{limits}"

    def expected(self, driver: Driver, mode: Mode) -> str | None:
        """Return what must come of it."""
        usual = self.streamed if mode.stream else self.whole
        if usual is None:
            return None
        if driver.sends_once and (usual != RIGHT or self.asked > 1):
            return ERROR  # a connection may have died with the request or after it
        return self.otherwise.get(driver.name, usual)


SAYS = Case("")
CALLS_TOOLS = replace(
    SAYS,
    answer=CALLED,
    step={"tool_calls": CALLS, "usage": USAGE},
    request={"tools": [WEATHER]},
)
FITS = replace(
    SAYS,
    answer=SHAPED,
    step={},
    request={"schema": City, "text": 'Quelle ville ? "Paris"'},
    corrected=True,
)


def harmless(*faults: str, like: Case = SAYS, **changes: Any) -> list[Case]:
    """Return response variants that change nothing."""
    return [replace(like, fault=fault, **changes) for fault in faults]


def failing(whole: str | None, streamed: str | None, *faults: str, **changes: Any) -> list[Case]:
    """Return faults by what must come of them."""
    return [
        replace(SAYS, fault=fault, whole=whole, streamed=streamed, **changes) for fault in faults
    ]


DIALECTS = [
    *harmless("reasoning_content", "reasoning", "reasoning-both", "think"),
    *harmless("lone-think-close", model=OPENS_IN_PROMPT),
    *harmless("reasoning-only", answer=replace(SAID, text="")),
    *harmless(
        "no-reasoning",
        answer=replace(SAID, reasoning=None),
        step={"content": TEXT, "usage": USAGE},
    ),
    *harmless("usage-last", "usage-finish", "usage-every"),
    *harmless("usage-none", answer=replace(SAID, tokens=None)),
    *harmless("usage-toplevel-reasoning", "usage-nested-reasoning", "choiceless-backend"),
    *harmless("tool-no-index", "tool-repeat-id", "tool-same-index", like=CALLS_TOOLS),
    *harmless("tool-object-args", "text-and-tool", like=CALLS_TOOLS),
    *harmless(
        "tool-empty-args",
        like=CALLS_TOOLS,
        answer=replace(CALLED, calls=[("get_weather", {})] * 2),
    ),
    *harmless("ollama-native", answer=replace(SAID, reasoning=THOUGHT)),
    *harmless("fenced-json", like=FITS, otherwise={"haystack": None}),
    replace(FITS, fault="bad-json", whole=RETRIED, streamed=None, otherwise={"langchain": None}),
    replace(
        FITS,
        fault="no-response-format",
        whole=RETRIED,
        streamed=RETRIED,
    ),
]
FRAMING = [
    *harmless("json-cut", "split-utf8", "crlf", "comments", "no-done", "early-done", "gzip"),
    *harmless("done-no-finish", "trickle:7:1"),
    *failing(None, RETRIED, "error-event:0"),
    *failing(None, ERROR, "error-event:4"),
]
CONNECTION = [
    *failing(RETRIED, RETRIED, "cut:0", "cut:0:rst", "cut:40b", "cut:40b:rst"),
    *failing(RETRIED, ERROR, "cut:4", "cut:4:rst", "truncated-200"),
    *failing(RETRIED, EITHER, "bad-chunk"),
    *failing(RETRIED, RETRIED, "slow-headers:30", "stall:30:0", timeout=SILENCE),
    *failing(RETRIED, ERROR, "stall:30:4", timeout=SILENCE),
    *failing(ERROR, ERROR, "slow-headers:30", "stall:30:4", timeout=None, deadline=0.5),
    *failing(ERROR, ERROR, "trickle:1:40", deadline=0.5),
    *failing(ERROR, ERROR, "truncated-json", "empty-200", "html-200"),
    *harmless("keepalive-drop", asked=2),
]
REFUSALS = [
    *failing(ERROR, ERROR, *(f"status:{code}" for code in (400, 401, 403, 404, 413, 422, 501))),
    *failing(RETRIED, RETRIED, *(f"status:{code}:20ms" for code in (408, 409, 429, 500))),
    *failing(RETRIED, RETRIED, *(f"status:{code}:20ms" for code in (502, 503, 504))),
    *failing(RETRIED, RETRIED, "status:429", "status:429:0.1", "status:503", "html-error:502"),
    *failing(ERROR, ERROR, *(f"envelope:{n}:400" for n in range(1, 7))),
    *failing(ERROR, ERROR, *(f"envelope:{n}:200" for n in range(1, 7))),
]
LASTING = [
    *failing(ERROR, ERROR, "cut:0", "html-error:502", lasts=True),
    *failing(ERROR, None, "truncated-200", "bad-chunk", lasts=True),
    *failing(ERROR, ERROR, "status:429:20ms", "status:503:20ms", lasts=True),
    *failing(ERROR, ERROR, "slow-headers:30", timeout=SILENCE, lasts=True),
    *failing(None, ERROR, "error-event:0", lasts=True),
]
CASES: Sequence[Case] = [*DIALECTS, *FRAMING, *CONNECTION, *REFUSALS, *LASTING]
