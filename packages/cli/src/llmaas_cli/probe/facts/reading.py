"""Facts of answers, by name, and the evidence of a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from llmaas.raw import conversation_rules
from llmaas_cli.probe.exchange import Exchange, as_dict
from llmaas_cli.probe.facts import basic, chat, media, pairs, streams, vectors
from llmaas_cli.probe.shape import describe_shape

FACTS: Mapping[str, Callable[[Exchange], Any]] = {
    **basic.FACTS,
    **chat.FACTS,
    **streams.FACTS,
    **vectors.FACTS,
    **media.FACTS,
}
PAIRS: Mapping[str, Callable[[Sequence[Exchange]], object]] = pairs.FACTS
_POSITIONS = {"first": 0, "second": 1, "third": 2}
_LONGEST = 160
"""Characters of the service's own words that evidence quotes."""


class Facts(Mapping[str, Any]):
    """Facts of the answers to one probe; without a prefix, those of the last answer.

    ``first.status`` is the status of the first answer, ``json.data.0.id`` a value of the body,
    ``header.x-cache`` a header, ``rule.alternates`` what the client assumes of the model's chat
    template, and ``value.window`` a value that requests were filled with.
    """

    def __init__(self, exchanges: Sequence[Exchange], model: str, values: Mapping[str, Any]):
        self._exchanges, self._model, self._values = exchanges, model, values
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def __iter__(self) -> Any:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)

    def _read(self, name: str) -> Any:
        head, _, rest = name.partition(".")
        if head in _POSITIONS and rest:
            position = _POSITIONS[head]
            return _read_one(self._exchanges[position], rest) if self._has(position) else None
        if head == "rule":
            return conversation_rules(self._model).get(rest)
        if head == "value":
            return self._values.get(rest)
        if name in _OF_RUN:
            return _OF_RUN[name](self._exchanges[-1], self._values)
        if name in PAIRS:
            return PAIRS[name](self._exchanges)
        return _read_one(self._exchanges[-1], name)

    def _has(self, position: int) -> bool:
        return position < len(self._exchanges)

    @property
    def seconds(self) -> float:
        """Time of all answers."""
        return round(sum(each.response.seconds for each in self._exchanges), 3)

    def evidence(self, names: Iterable[str]) -> dict[str, Any]:
        """Return statuses, header names and shape of the answers, and the facts of these names."""
        last = self._exchanges[-1]
        found = {name: brief(self[name]) for name in names if not name.startswith("header.")}
        return {
            "status": [each.response.status for each in self._exchanges],
            "headers": sorted(last.response.headers),
            "shape": describe_shape(last),
            "facts": {name: value for name, value in found.items() if value is not None},
        }


def _retry_after_of(status: int, values: Mapping[str, Any]) -> str:
    """Form of ``Retry-After`` of the last answer in the run with this status."""
    refusals = [each for each in values.get("refusals") or () if each.response.status == status]
    return basic.retry_after(refusals[-1]) if refusals else "not seen"


def _window_is_listed(exchange: Exchange, values: Mapping[str, object]) -> bool | None:
    """Whether the named window is the listed one; None if one is unknown."""
    named, listed = basic.window_named(exchange), values.get("window_listed")
    return None if named is None or listed is None else named == listed


_OF_RUN: Mapping[str, Callable[[Exchange, Mapping[str, object]], object]] = {
    "last_retry_after": lambda _, values: _retry_after_of(429, values),
    "busy_retry_after": lambda _, values: _retry_after_of(503, values),
    "window_is_listed": _window_is_listed,
    "window_listed": lambda _, values: values.get("window_listed"),
}
"""Facts that depend on the run, not on the answers alone."""


def _read_one(exchange: Exchange, name: str) -> object:
    head, _, rest = name.partition(".")
    if head == "json" and rest:
        return _walk(exchange.json, rest.split("."))
    if head == "header":
        return exchange.response.headers.get(rest)
    return FACTS[name](exchange)


def _walk(value: object, path: list[str]) -> object:
    for key in path:
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        else:
            value = as_dict(value).get(key)
    return value


def brief(value: object) -> object:
    """Shorten a fact for a report: no long texts, no content."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[: _LONGEST - 1] + "…"
    return value if isinstance(value, str | int | float | bool | None) else str(value)[:_LONGEST]
