"""The table of the cassettes in tests/README.md: scenarios by rooms.

    python -m tools.cassette_table

writes it from the files; a test of the house compares.
"""

from __future__ import annotations

from tests.helpers.cassettes.format import read
from tests.helpers.repository import HOME
from tools.tables import markdown, put

FOLDER = HOME / "tests" / "cassettes"
STREAM = "-stream"


def rendered() -> str:
    """Return the table, and a line about all of them."""
    folders = (path for path in FOLDER.iterdir() if path.is_dir() and path.name != "engines")
    rooms = sorted(path.name for path in folders)
    held = {room: {path.stem for path in (FOLDER / room).glob("*.yaml")} for room in rooms}
    scenarios = sorted({stem.removesuffix(STREAM) for stems in held.values() for stem in stems})
    rows = [[name, *(cell(name, held[room]) for room in rooms)] for name in scenarios]
    return f"{markdown(['', *rooms], rows)}\n\n{summary()}"


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
