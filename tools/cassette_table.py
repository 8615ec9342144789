"""Generator of the cassette table in tests/README.md: scenarios by packages.

    python -m tools.cassette_table

writes it from the files; ``tests/repo/test_prose.py`` compares.
"""

from __future__ import annotations

from tests.helpers.cassettes.format import read
from tests.helpers.repository import ROOT
from tools.tables import markdown, put

FOLDER = ROOT / "tests" / "cassettes"
STREAM = "-stream"


def render() -> str:
    """Render the table and a summary."""
    folders = (path for path in FOLDER.iterdir() if path.is_dir() and path.name != "engines")
    packages = sorted(path.name for path in folders)
    held = {
        package: {path.stem for path in (FOLDER / package).glob("*.yaml")} for package in packages
    }
    scenarios = sorted({stem.removesuffix(STREAM) for stems in held.values() for stem in stems})
    rows = [[name, *(cell(name, held[package]) for package in packages)] for name in scenarios]
    return f"{markdown(['', *packages], rows)}\n\n{summary()}"


def cell(scenario: str, held: set[str]) -> str:
    """Render whether a package has a scenario whole, streamed, or both."""
    ways = {"whole": scenario, "streamed": scenario + STREAM}
    return ", ".join(way for way, stem in ways.items() if stem in held)


def summary() -> str:
    """Count the cassettes by the server that answered."""
    cassettes = [read(path) for path in FOLDER.rglob("*.yaml")]
    ours = sum(cassette["recorded"] == "sandbox" for cassette in cassettes)
    provoked = sum("provoked" in cassette for cassette in cassettes)
    exchanges = sum(len(cassette["exchanges"]) for cassette in cassettes)
    return (
        f"{len(cassettes)} cassettes, {exchanges} exchanges: {ours} of the sandbox ({provoked} of"
        f" them with an injected fault), {len(cassettes) - ours} of the service."
    )


if __name__ == "__main__":
    put("cassettes", "tools/cassette_table.py", render())
