"""Probes as data: what is assumed, what is sent, and how the answer decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What an answer says about an assumption."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNCLEAR = "unclear"
    NOT_SUPPORTED = "not supported"


CONFIRMED, CONTRADICTED = Verdict.CONFIRMED, Verdict.CONTRADICTED
UNCLEAR, NOT_SUPPORTED = Verdict.UNCLEAR, Verdict.NOT_SUPPORTED

NOTHING = "Nothing to do."
REPORT = "Please report it: the client expects something else."


class Subject(StrEnum):
    """Models that a probe is run with."""

    NONE = "none"
    PLAIN = "plain"
    """One chat model, which does not reason if there is one."""
    REASONER = "reasoner"
    """One chat model that reasons."""
    CHAT = "chat"
    """Each selected chat model."""
    REASONING = "reasoning"
    """Each selected chat model that reasons."""
    EMBEDDING = "embedding"
    RERANK = "rerank"
    TRANSCRIPTION = "transcription"
    SPEECH = "speech"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Texts in braces, ``{model}``, are replaced (see ``fill``)."""

    path: str
    body: Mapping[str, Any] | None = None
    method: str = "POST"
    operation: str = ""
    """What it is billed as (see ``llmaas.raw.RawRequest``); empty if it is free."""
    billed: int | None = None
    """Output tokens to reserve, if they are not ``max_tokens``: of a request to be refused."""
    key: str | None = None
    """A key instead of the client's; empty for none."""
    text: str | None = None
    """Body as text instead of ``body``."""
    form: Mapping[str, str] | None = None
    """Fields of a form with an audio file, instead of ``body``."""
    max_events: int | None = None
    """Events of a stream after which the connection is closed."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Value of a profile that is read from the answer: the fact of this name."""

    fact: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A verdict, if all facts of ``when`` have their values (see ``rules.matches``)."""

    verdict: Verdict
    when: Mapping[str, object]
    follows: str = NOTHING
    """What follows for the user."""
    learns: Mapping[str, object] = field(default_factory=dict)
    """Fields of the profile, by name, with their values or ``Learned``."""
    is_pending: bool = False
    """Whether the answer comes later: a resumed run sends the probe again."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One assumption about the service, and how to check it."""

    id: str
    section: str
    assumes: str
    source: str
    """Where the assumption comes from."""
    calls: tuple[Call, ...]
    rules: tuple[Rule, ...]
    subject: Subject = Subject.PLAIN
    shows: tuple[str, ...] = ()
    """Facts to report as evidence, beyond those of the rules."""
    needs: tuple[str, ...] = ()
    """Values that must be known, ``window`` for instance."""
    keeps: Mapping[str, str] = field(default_factory=dict)
    """Values for later probes of the same model if it is confirmed, by name, with their facts."""
    flag: str = ""
    """Option of the command that allows it: ``audio`` or ``images``."""


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of a probe with one model."""

    probe: str
    model: str
    verdict: Verdict | None
    """None if it was not run."""
    follows: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    learned: Mapping[str, object] = field(default_factory=dict)
    kept: Mapping[str, object] = field(default_factory=dict)
    """Values for later probes (see ``Probe.keeps``); not part of a report."""
    is_pending: bool = False
    """Whether a resumed run sends the probe again."""
    cost_micro_eur: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Name of the result within a run."""
        return f"{self.probe} {self.model}".strip()


def rule(verdict: Verdict, follows: str = NOTHING, /, *, learns: Any = None, **when: Any) -> Rule:
    """Create a rule; in names of facts, ``__`` stands for a dot."""
    return Rule(
        verdict, {name.replace("__", "."): value for name, value in when.items()}, follows,
        learns or {},
    )  # fmt: skip


def pending(follows: str, /, **when: Any) -> Rule:
    """Create a rule for an answer that comes later: ``unclear`` until then."""
    return replace(rule(UNCLEAR, follows, **when), is_pending=True)
