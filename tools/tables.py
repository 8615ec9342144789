"""Shared parts of the table generators: Markdown, date and versions, insertion."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from tests.helpers.contract.driver import TESTS, Driver

README = TESTS / "README.md"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def dated(columns: Iterable[Driver]) -> str:
    """Render the date and the versions of all distributions under test."""
    names = sorted({driver.distribution for driver in columns} | {"llmaas", "openai"})
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{datetime.now(UTC):%Y-%m-%d}, Python {python}, {versions}."


def put(name: str, command: str, text: str) -> None:
    """Write a part of the README between its markers, which must exist."""
    begin, end = f"<!-- {name}: written by {command} -->", f"<!-- /{name} -->"
    before, found, rest = README.read_text().partition(begin)
    if not found:
        raise ValueError(f"{README} has no line {begin!r}")
    README.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}")
