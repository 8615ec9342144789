"""The results as a Markdown table: a row per client, each figure beside its peer's."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from client import Client
from workloads import WORKS

UNITS = {**{work.name: work.unit for work in WORKS}, "import": "ms", "memory": "KB"}
MORE_IS_BETTER = {work.name for work in WORKS if work.more_is_better}
NOT_COMPARED = {"memory"}
CORE, EXCHANGE = "llmaas", "bare exchange"
MAX_OWN, MAX_RATIO = 150, 2.0
"""Targets of adapters: µs per call beyond the framework and the core; times the core's total."""

Results = Mapping[str, Mapping[str, float]]


def table(clients: Sequence[type[Client]], results: Results) -> str:
    """Return the whole report."""
    works = list(results)
    head = ["client", *(f"{work}, {UNITS[work]}" for work in works)]
    rows = [[client.name, *(cell(client, work, results) for work in works)] for client in clients]
    lines = [head, ["---", *["---:"] * len(works)], *rows]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n\n".join(
        [
            heading(clients),
            body,
            *own_costs(clients, results),
            *targets(clients, results),
            *goals(clients, results),
        ]
    )


def heading(clients: Sequence[type[Client]]) -> str:
    """Say when, with what, and how to read it."""
    libraries = sorted({text for client in clients for text in versions(client) or ()})
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, "
        f"{', '.join(libraries)}. In brackets: how many times better than the peer."
    )


def own_costs(clients: Sequence[type[Client]], results: Results) -> list[str]:
    """Return the table of what adapters add to their frameworks, none without such clients."""
    works = [work for work in results if UNITS[work] in {"µs", "ms"}]
    lines = [
        [client.name, *(own_cost(client, work, results[work]) for work in works)]
        for client in clients
        if client.floor
    ]
    return compare("own cost: without the framework's row (of the core's)", works, lines)


def compare(title: str, works: Sequence[str], lines: Sequence[list[str]]) -> list[str]:
    """Return a table with the lines that have figures, nothing without any."""
    filled = [line for line in lines if any(line[1:])]
    table = [[title, *works], ["---", *["---:"] * len(works)], *filled]
    return ["\n".join("| " + " | ".join(line) + " |" for line in table)] if filled else []


def own_cost(client: type[Client], work: str, figures: Mapping[str, float]) -> str:
    """Return what an adapter adds to its framework, and how many times the core's cost that is."""
    mine, floor = figures.get(client.name), framework_cost(client, figures)
    if mine is None or floor is None:
        return ""
    own, core = mine - floor, figures.get(CORE)
    times = "" if core is None or work == "import" else f" ({own / core:.1f}x)"
    return f"{own:,.0f} {UNITS[work]}{times}"


def framework_cost(client: type[Client], figures: Mapping[str, float]) -> float | None:
    """Return the cost of a client's framework: its row "alone" without the exchange in it."""
    alone = figures.get(client.floor or "")
    return None if alone is None else alone - figures.get(EXCHANGE, 0)


def targets(clients: Sequence[type[Client]], results: Results) -> list[str]:
    """Return the tables of the adapters' targets against the core, measured in the same run."""
    calls = [work for work in results if work.startswith("call")]
    long = [work for work in results if work.startswith("401 messages")]
    adapters = [client for client in clients if client.floor]
    beyond = [
        [each.name, *(describe_beyond_core(each, results[work]) for work in calls)]
        for each in adapters
    ]
    totals = [
        [each.name, *(describe_share_of_core(each, results[work]) for work in long)]
        for each in adapters
    ]
    return [
        *compare(f"own cost beyond the core's (target: {MAX_OWN} µs)", calls, beyond),
        *compare(f"total, of the core's (target: {MAX_RATIO:g}x)", long, totals),
    ]


def describe_beyond_core(client: type[Client], figures: Mapping[str, float]) -> str:
    """Return what an adapter costs beyond its framework and the core, and whether that is met."""
    total, core = figures.get(client.name), figures.get(CORE)
    floor = framework_cost(client, figures)
    if total is None or core is None or floor is None:
        return ""
    return format_verdict(total - floor - core, MAX_OWN, "{:,.0f} µs")


def describe_share_of_core(client: type[Client], figures: Mapping[str, float]) -> str:
    """Return how many times the core's total an adapter's is, and whether that is met."""
    total, core = figures.get(client.name), figures.get(CORE)
    floor = framework_cost(client, figures)
    if total is None or core is None or floor is None:
        return ""
    alone = f" (framework alone {floor / core:.2f}x)"
    return format_verdict(total / core, MAX_RATIO, "{:.2f}x") + alone


def format_verdict(value: float, most: float, form: str) -> str:
    """Return a figure with the word for its target."""
    return f"{form.format(value)}, {'met' if value <= most else 'missed'}"


def cell(client: type[Client], work: str, results: Results) -> str:
    """Return a figure and how many times better than the peer's it is."""
    value = results[work].get(client.name)
    if value is None:
        return ""
    ratio = gain(client, work, results)
    shown = f"{value:,.0f}" if value >= 20 else f"{value:.1f}"
    return shown if ratio is None else f"{shown} ({ratio:.1f}x)"


def gain(client: type[Client], work: str, results: Results) -> float | None:
    """Return how many times better than its peer a client is, None when there is no peer."""
    mine, others = results[work].get(client.name), results[work].get(client.peer or "")
    if not mine or not others or work in NOT_COMPARED:
        return None
    return mine / others if work in MORE_IS_BETTER else others / mine


def goals(clients: Sequence[type[Client]], results: Results) -> list[str]:
    """Return, for each client with goals, which are met."""
    lines = []
    for client in clients:
        for work, goal in client.goals.items():
            ratio = gain(client, work, results) if work in results else None
            if ratio is not None:
                word = "met" if ratio >= goal else "missed"
                lines.append(f"- {client.name}, {work}: goal {goal:g}x, {word} with {ratio:.1f}x")
    return ["\n".join(lines)] if lines else []


def versions(client: type[Client]) -> list[str] | None:
    """Return the versions of a client's distributions, None when one is not installed."""
    try:
        return [f"{name} {version(name)}" for name in client.distributions]
    except PackageNotFoundError:
        return None
