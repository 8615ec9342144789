"""Filters of models by their facts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypedDict, Unpack

from llmaas.catalog import clock
from llmaas.catalog.model import Model
from llmaas.catalog.state import all_models


class Criteria(TypedDict, total=False):
    """Criteria of ``filter``; a missing one accepts every model."""

    category: str
    phase: str
    publisher: str
    live: bool
    tools: bool
    vision: bool
    reasoning: bool
    safety: bool
    lts: bool
    min_context: int
    max_kwh: float
    min_speed: float
    expiring_within: timedelta
    on: date


def filter(**criteria: Unpack[Criteria]) -> list[Model]:  # noqa: A001 - read as catalog.filter(...)
    """Select the models that meet every criterion, in the catalog's order.

    An unknown fact meets no minimum, no maximum and no ``True``. ``max_kwh`` is per million
    tokens, ``min_speed`` in tokens per second. ``on`` is the start of ``expiring_within``, and
    defaults to today.
    """
    day = criteria.pop("on", None) or clock.today()
    tests = [_build_test(name, value, day) for name, value in criteria.items()]
    return [model for model in all_models() if all(test(model) for test in tests)]


def _build_test(name: str, value: object, day: date) -> Callable[[Model], bool]:
    if name in _RANGES:
        fact, good = _RANGES[name]
        return lambda model: (known := fact(model)) is not None and good(known, value)
    if name == "expiring_within":
        return lambda model: _expires(model, day, value)
    if name == "publisher":
        return lambda model: str(value).casefold() in (model.publisher or "").casefold()
    if isinstance(value, bool):
        return lambda model: bool(getattr(model, name)) is value
    return lambda model: bool(getattr(model, name) == value)


_RANGES: dict[str, tuple[Callable[[Model], float | None], Callable[..., bool]]] = {
    "min_context": (lambda m: m.context, operator.ge),
    "max_kwh": (lambda m: m.kwh_per_mtoken, operator.le),
    "min_speed": (lambda m: m.tokens_per_second, operator.ge),
}


def _expires(model: Model, day: date, within: object) -> bool:
    assert isinstance(within, timedelta)
    end = model.end_of_support
    return end is not None and day <= end <= day + within
