"""Selection of a model for a task, with reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from llmaas.catalog import clock
from llmaas.catalog.model import Model
from llmaas.catalog.model_lookup import with_profile
from llmaas.catalog.state import all_models

if TYPE_CHECKING:
    from llmaas.catalog.profile_loading import ProfileOption


def _to_ordinal(day: date | None) -> float | None:
    return None if day is None else day.toordinal()


def _negate(value: float | None) -> float | None:
    return None if value is None else -value


def _rank_long_term(model: Model) -> float:
    """Rank long-term support first, then the longest support."""
    return (_to_ordinal(model.end_of_support) or 0) * (2 if model.lts else 1)


def _parse_billions(parameters: str | None) -> float | None:
    """Parse a size as in the model cards (``120B``, ``567M``)."""
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
"""Categories of models by task. Vision and code models also chat."""

NEEDS = ("tools", "vision", "reasoning", "lts", "safety")

PREFERENCES: dict[str, tuple[str, Callable[[Model], float | None]]] = {
    "support": ("longest support", lambda m: _to_ordinal(m.end_of_support)),
    "energy": ("least energy", lambda m: _negate(m.kwh_per_mtoken)),
    "speed": ("fastest", lambda m: m.tokens_per_second),
    "context": ("longest context", lambda m: m.context),
    "lts": ("long-term support, longest", lambda m: _rank_long_term(m)),
    "quality": ("most parameters", lambda m: _parse_billions(m.parameters)),
}
"""Criteria of ranking: a label and a value, the higher the better.

No source rates the models' answers; size is the only public measure related to quality.
"""

TIE_BREAKERS = ("support", "energy", "speed", "context")


class NoSuchModelError(LookupError):
    """No model meets every need; the message has the number left after each need."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen model, the reasons, and the IDs of the next best models."""

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
    profile: ProfileOption = None,
) -> Choice:
    """Choose the best served and supported model for a task.

    ``needs`` are any of tools, vision, reasoning, lts, safety; ``context`` is in tokens;
    ``prefer`` is support, energy, speed, context, lts or quality; the first four break ties.
    ``profile`` overrides what the catalog says about its models.
    Raises ``NoSuchModelError`` if no model meets every need.
    """
    _check(task, needs, prefer)
    requested = _build_needs(task, needs, context, on or clock.today())
    left, trail = _apply_needs(requested, with_profile(all_models(), profile))
    if not left:
        raise NoSuchModelError("No model meets every need: " + ", ".join(trail))
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


def _build_needs(task: str, needs: Collection[str], context: int | None, day: date) -> list[_Need]:
    flags = {*needs, "vision"} if task == "vision" else set(needs)
    requested = [
        _Need("served now", lambda m: m.live),
        _Need(f"does {task}", lambda m: m.category in TASKS[task]),
        _Need(f"supported on {day}", lambda m: m.phase != "deprecated" and m.supported_on(day)),
    ]
    requested += [_Need(f"has {flag}", _has(flag)) for flag in NEEDS if flag in flags]
    if context:
        requested.append(_Need(f"holds {context:,} tokens", lambda m: (m.context or 0) >= context))
    return requested


def _has(flag: str) -> Callable[[Model], bool]:
    return lambda model: bool(getattr(model, flag))


def _apply_needs(requested: list[_Need], left: list[Model]) -> tuple[list[Model], list[str]]:
    """Select the models that meet every need, and count those left after each."""
    trail = []
    for need in requested:
        left = [model for model in left if need.met(model)]
        trail.append(f"{need.label} ({len(left)} left)")
    return left, trail


def _rank(model: Model, order: list[str]) -> tuple[tuple[bool, float], ...]:
    """Build a sort key: an unknown value ranks below every known one."""
    values = (PREFERENCES[name][1](model) for name in order)
    return tuple((value is not None, value or 0.0) for value in values)
