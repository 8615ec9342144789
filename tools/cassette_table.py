"""The table of the cassettes in tests/README.md: scenarios by rooms.

    python -m tools.cassette_table

writes it from the files; a test of the house compares.
"""

from __future__ import annotations

from tests.helpers.cassettes.format import read
from tests.helpers.repository import ROOT
from tools.tables import markdown, put

FOLDER = ROOT / "tests" / "cassettes"
STREAM = "-stream"


def rendered() -> str:
    """Return the table, and a line about all of them."""
    folders = (path for path in FOLDER.iterdir() if path.is_dir() and path.name != "engines")
    packages = sorted(path.name for path in folders)
    held = {
        package: {path.stem for path in (FOLDER / package).glob("*.yaml")} for package in packages
    }
    scenarios = sorted({stem.removesuffix(STREAM) for stems in held.values() for stem in stems})
    rows = [[name, *(cell(name, held[package]) for package in packages)] for name in scenarios]
    return f"{markdown(['', *packages], rows)}\n\n{summary()}"


def cell(scenario: str, held: set[str]) -> str:
    """Say in which ways a room has a scenario on tape."""
    ways = {"whole": scenario, "streamed": scenario + STREAM}
    return ", ".join(way for way, stem in ways.items() if stem in held)


def summary() -> str:
    """Count the tapes by those who answered."""
    tapes = [read(path) for path in FOLDER.rglob("*.yaml")]
    ours = sum(tape["recorded"] == "sandbox" for tape in tapes)
    provoked = sum("provoked" in tape for tape in tapes)
    exchanges = sum(len(tape["exchanges"]) for tape in tapes)
    return (
        f"{len(tapes)} cassettes, {exchanges} exchanges: {ours} of the sandbox ({provoked} of them"
        f" provoked by a fault), {len(tapes) - ours} of the service."
    )


if __name__ == "__main__":
    put("cassettes", "tools/cassette_table.py", rendered())
