"""Choose a model for a task, and say why."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from llmaas.catalog import clock
from llmaas.catalog.model import Model
from llmaas.catalog.state import all_models


def _day(day: date | None) -> float | None:
    return None if day is None else day.toordinal()


def _negated(value: float | None) -> float | None:
    return None if value is None else -value


def _long_term(model: Model) -> float:
    """Rank long-term support before all else, then the longest support."""
    return (_day(model.end_of_support) or 0) * (2 if model.lts else 1)


def _billions(parameters: str | None) -> float | None:
    """Read a size as the cards print it: ``120B``, ``567M``."""
    text = (parameters or "").strip().upper()
    unit = {"B": 1.0, "M": 0.001}.get(text[-1:])
    try:
        return None if unit is None else float(text[:-1]) * unit
    except ValueError:
        return None


TASKS = {
    "chat": ("chat", "code", "vision"),
    "code": ("code",),
    "vision": ("vision", "chat", "code"),
    "embedding": ("embedding",),
    "rerank": ("rerank",),
    "translation": ("translation",),
    "safety": ("safety",),
    "ocr": ("ocr",),
    "transcription": ("transcription",),
    "realtime": ("audio",),
    "speech": ("speech",),
    "image": ("image",),
}
"""The categories that can do a task. Vision and code models also chat."""

NEEDS = ("tools", "vision", "reasoning", "lts", "safety")

PREFERENCES: dict[str, tuple[str, Callable[[Model], float | None]]] = {
    "support": ("longest support", lambda m: _day(m.end_of_support)),
    "energy": ("least energy", lambda m: _negated(m.kwh_per_mtoken)),
    "speed": ("fastest", lambda m: m.tokens_per_second),
    "context": ("longest context", lambda m: m.context),
    "lts": ("long-term support, longest", lambda m: _long_term(m)),
    "quality": ("most parameters", lambda m: _billions(m.parameters)),
}
"""What to rank by: a label and a value of which more is better.

No source rates the models' answers: size is the only public measure that goes with quality.
"""

TIE_BREAKERS = ("support", "energy", "speed", "context")


class NoSuchModelError(LookupError):
    """No model meets every need; the message counts what each need left over."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The model chosen, the reasons in plain words, and the next best ids."""

    model: Model
    reasons: tuple[str, ...]
    runners_up: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Need:
    label: str
    met: Callable[[Model], bool]


def choose(
    *,
    task: str = "chat",
    needs: Collection[str] = (),
    context: int | None = None,
    prefer: str = "support",
    on: date | None = None,
) -> Choice:
    """Return the best served, supported model for ``task``.

    ``needs`` are any of tools, vision, reasoning, lts, safety; ``context`` is in tokens;
    ``prefer`` is support, energy, speed, context, lts or quality; the first four break ties.
    """
    _check(task, needs, prefer)
    wanted = _needs(task, needs, context, on or clock.today())
    left, trail = _sift(wanted)
    if not left:
        raise NoSuchModelError("no model is left: " + ", ".join(trail))
    order = [prefer, *(name for name in TIE_BREAKERS if name != prefer)]
    ranked = sorted(left, key=lambda model: _rank(model, order), reverse=True)
    best = f"{PREFERENCES[prefer][0]} of {len(left)}"
    return Choice(ranked[0], (*trail, best), tuple(model.id for model in ranked[1:4]))


def _check(task: str, needs: Collection[str], prefer: str) -> None:
    for kind, given, known in (
        ("task", (task,), TASKS),
        ("need", needs, NEEDS),
        ("preference", (prefer,), PREFERENCES),
    ):
        for name in given:
            if name not in known:
                raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(known)}")


def _needs(task: str, needs: Collection[str], context: int | None, day: date) -> list[_Need]:
    flags = {*needs, "vision"} if task == "vision" else set(needs)
    wanted = [
        _Need("served now", lambda m: m.live),
        _Need(f"does {task}", lambda m: m.category in TASKS[task]),
        _Need(f"supported on {day}", lambda m: m.phase != "deprecated" and m.supported_on(day)),
    ]
    wanted += [_Need(f"has {flag}", _has(flag)) for flag in NEEDS if flag in flags]
    if context:
        wanted.append(_Need(f"holds {context:,} tokens", lambda m: (m.context or 0) >= context))
    return wanted


def _has(flag: str) -> Callable[[Model], bool]:
    return lambda model: bool(getattr(model, flag))


def _sift(wanted: list[_Need]) -> tuple[list[Model], list[str]]:
    """Return who meets every need, and how many each need left."""
    left, trail = list(all_models()), []
    for need in wanted:
        left = [model for model in left if need.met(model)]
        trail.append(f"{need.label} ({len(left)} left)")
    return left, trail


def _rank(model: Model, order: list[str]) -> tuple[tuple[bool, float], ...]:
    """Return a sort key: an unknown value ranks below every known one."""
    values = (PREFERENCES[name][1](model) for name in order)
    return tuple((value is not None, value or 0.0) for value in values)
