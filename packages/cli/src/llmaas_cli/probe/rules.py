"""Interpreter of the rules: facts of an answer decide a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_cli.probe.facts.reading import Facts
from llmaas_cli.probe.model import (
    CONFIRMED,
    NOT_SUPPORTED,
    UNCLEAR,
    Learned,
    Probe,
    Result,
    Rule,
    rule,
)

COMMON = (
    rule(UNCLEAR, "No answer: run it again.", failed=True),
    rule(UNCLEAR, "The key may not do this: use another key.", status={401, 403}),
    rule(UNCLEAR, "The service was busy: run it again later.", status={408, 429, 502, 503, 504}),
    rule(UNCLEAR, "The service reported an error of its own: run it again.", is_server_error=True),
    rule(NOT_SUPPORTED, "Do not use it at this address.", is_missing=True),
)
"""Rules of all probes, for answers that none of their own rules expects."""
OTHERWISE = Rule(UNCLEAR, {}, "An answer that no rule expects: please report it.")


def decide(probe: Probe, facts: Facts) -> Rule:
    """Return the first rule that the facts match."""
    everything = (*probe.rules, *COMMON, OTHERWISE)
    return next(each for each in everything if matches(each.when, facts))


def matches(when: Mapping[str, Any], facts: Facts) -> bool:
    """Whether all facts have their values.

    A set lists the allowed values, a function decides, and any other value must be equal.
    """
    return all(_matches(facts[name], expected) for name, expected in when.items())


def _matches(value: object, expected: object) -> bool:
    if isinstance(expected, set | frozenset):
        return value in expected
    if callable(expected):
        return bool(expected(value))
    return type(value) is type(expected) and bool(value == expected)


def judge(probe: Probe, model: str, facts: Facts) -> Result:
    """Decide a probe, and describe the evidence without content."""
    decided = decide(probe, facts)
    learned = {
        name: facts[value.fact] if isinstance(value, Learned) else value
        for name, value in decided.learns.items()
    }
    return Result(
        probe.id,
        model,
        decided.verdict,
        decided.follows.format_map(facts),
        facts.evidence((*probe.shows, *_collect_fact_names(decided, probe))),
        {name: value for name, value in learned.items() if value is not None},
        _collect_kept(probe, facts) if decided.verdict is CONFIRMED else {},
        decided.is_pending,
        seconds=facts.seconds,
    )


def _collect_kept(probe: Probe, facts: Facts) -> dict[str, object]:
    found = {name: facts[fact] for name, fact in probe.keeps.items()}
    return {name: value for name, value in found.items() if value is not None}


def _collect_fact_names(decided: Rule, probe: Probe) -> list[str]:
    names = [*decided.when]
    if decided.verdict is UNCLEAR:  # all that was looked for
        names += [name for each in probe.rules for name in each.when]
    return list(dict.fromkeys(names))
