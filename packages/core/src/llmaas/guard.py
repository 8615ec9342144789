"""Checks of inputs and answers: token limits, suspicious characters, a guardian model.

Nothing here changes a text: ``inspect`` reports, and ``Guard`` refuses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmaas._control_tokens import find_control_token, neutralize, neutralize_messages
from llmaas._errors_base import InvalidInputError, LLMaaSError
from llmaas._guard_verdict import parse_verdict
from llmaas.hooks import CallInfo, CallResult
from llmaas.messages import content_text
from llmaas.ops import chat
from llmaas.ops.chat_request import build_request
from llmaas.ops.effects import Operation
from llmaas.ops.hooked_calls import with_hooks
from llmaas.ops.retrying import Deadline
from llmaas.types import Completion

__all__ = [
    "CONTROL_TOKEN",
    "GUARDIAN",
    "Finding",
    "Guard",
    "GuardError",
    "inspect",
    "is_risky",
    "neutralize",
    "neutralize_messages",
    "normalize",
    "parse_verdict",
]

GUARDIAN = "granite4.1-guardian:8b"
"""The service's guardian model. It is called over chat and answers yes (a risk) or no."""
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MAX_REPORTED = 1_000
CONTROL_TOKEN = "control_token"  # noqa: S105 - the name of a finding
"""The kind of a finding such as ``<|im_start|>`` or ``[INST]`` in a text."""
_JOINERS = frozenset("\u200c\u200d")  # words of several languages, and emoji, need them


@dataclass(frozen=True, slots=True)
class Finding:
    """A suspicious part of a text: its kind, first position and description."""

    kind: str
    position: int
    detail: str


class GuardError(LLMaaSError):
    """The guard refused an input (nothing was sent) or an answer.

    ``findings`` are the reasons, ``completion`` is the withheld answer.
    """

    def __init__(
        self,
        message: str,
        findings: tuple[Finding, ...] = (),
        completion: Completion | None = None,
    ) -> None:
        super().__init__(message)
        self.findings, self.completion = findings, completion


def inspect(text: str) -> tuple[Finding, ...]:
    """Report deceptive characters and control tokens of chat templates.

    ``neutralize`` returns a text without control tokens.
    """
    found: dict[str, Finding] = {}
    for position, character in enumerate(text):
        kind = _kind(character)
        if kind is not None and kind not in found:
            name = unicodedata.name(character, "unnamed")
            found[kind] = Finding(kind, position, f"U+{ord(character):04X} {name}")
    if token := find_control_token(text):
        found[CONTROL_TOKEN] = Finding(CONTROL_TOKEN, token.start(), token[0])
    return tuple(found.values())


def normalize(text: str) -> tuple[str, tuple[Finding, ...]]:
    """Normalize a text to NFC; return it with the change, if any, and other findings.

    NFC only joins letters with their accents: it never changes what is read. Compatibility
    forms (``ﬁ``, ``①``, full-width letters) are reported and left as they are.
    """
    plain = unicodedata.normalize("NFC", text)
    odd = inspect(plain)
    if plain == text:
        return text, odd
    first = next((n for n, (a, b) in enumerate(zip(text, plain, strict=False)) if a != b), 0)
    return plain, (Finding("composed", first, "accents were joined with their letters"), *odd)


@dataclass
class Guard:
    """Hook for ``LLMaaS(hooks=...)`` and every adapter that checks inputs and answers.

    ``guardian`` is the model that judges the input and, with ``check_answers``, the answer.
    Defaults to none. ``refuse`` are the kinds of findings for which an input is refused; add
    ``CONTROL_TOKEN`` to refuse control tokens of chat templates. A streamed answer is checked at
    its end, after its events were delivered.
    """

    max_input_tokens: int | None = None
    refuse: frozenset[str] = frozenset({"bidi", "tag", "control"})
    guardian: str | None = None
    check_answers: bool = False
    reported: list[Finding] = field(default_factory=list)
    """The last 1,000 findings for which no input was refused."""

    def before_call(self, call: CallInfo) -> Operation[object]:
        """Refuse an input that is too long, suspicious or risky."""
        if call.model == self.guardian:
            return None
        if self.max_input_tokens is not None and call.input_tokens > self.max_input_tokens:
            raise InvalidInputError(
                f"The input must have at most {self.max_input_tokens} tokens, "
                f"got about {call.input_tokens}."
            )
        text = "\n".join(_texts(call.inputs))
        found = inspect(text)
        bad = tuple(finding for finding in found if finding.kind in self.refuse)
        if bad:
            raise GuardError(_refusal(bad[0]), bad)
        self.reported.extend(found)
        del self.reported[:-_MAX_REPORTED]
        if self.guardian and call.operation == "chat":
            yield from self._judge(call, "user", text)
        return call

    def after_call(self, ticket: Any, result: CallResult) -> Operation[None]:
        """Withhold an answer that the guardian finds risky."""
        answer = result.result
        if ticket is None or not self.check_answers or result.error is not None:
            return
        if self.guardian and isinstance(answer, Completion) and answer.text:
            yield from self._judge(ticket, "assistant", answer.text, answer)

    def _judge(
        self, call: CallInfo, role: str, text: str, answer: Completion | None = None
    ) -> Operation[None]:
        assert self.guardian is not None
        request = build_request(
            call.settings,
            [{"role": role, "content": text}] if role == "user" else _to_conversation(text),
            model=self.guardian,
            stream=False,
            temperature=0,
            max_tokens=512,
            deadline=Deadline(call.deadline),  # the call's own: one for all its requests
        )
        verdict = yield from with_hooks(request.call_info(), chat.chat(request))
        if is_risky(verdict.text):
            what = "the input" if role == "user" else "the answer"
            finding = Finding("guardian", 0, verdict.text.strip()[:200])
            raise GuardError(f"{self.guardian} finds a risk in {what}.", (finding,), answer)


def _refusal(finding: Finding) -> str:
    if finding.kind == CONTROL_TOKEN:
        return f"The input contains a control token of chat templates: {finding.detail}."
    return f"The input contains {finding.kind} characters: {finding.detail}."


def is_risky(verdict: str) -> bool:
    """Tell whether a guardian's verdict is anything but a clear no."""
    return parse_verdict(verdict) is not False


def _to_conversation(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": "-"}, {"role": "assistant", "content": text}]


def _texts(inputs: object) -> Iterator[str]:
    """Yield the texts of a string, messages, or the conversations of a batch."""
    if isinstance(inputs, str):
        yield inputs
    elif hasattr(inputs, "get"):
        yield content_text(inputs.get("content"))
    elif isinstance(inputs, Sequence) and not isinstance(inputs, bytes):
        for part in inputs:
            yield from _texts(part)


def _kind(character: str) -> str | None:
    code = ord(character)
    if code < 0x80:
        return "control" if code < 0x20 and character not in "\t\n\r" else None
    if character in _BIDI:
        return "bidi"
    if 0xE0000 <= code <= 0xE007F:
        return "tag"
    category = unicodedata.category(character)
    if category == "Cf" and character not in _JOINERS:
        return "invisible"
    if category in ("Cc", "Cs", "Co"):
        return "control"
    if unicodedata.normalize("NFKC", character) != unicodedata.normalize("NFC", character):
        return "compatibility"
    return None
