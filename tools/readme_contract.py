"""The part of a room's page that the contract's table writes: what its stock class lacks.

``nox -s readme`` writes it from tests/README.md; a test of the house compares.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.helpers.repository import PACKAGES, ROOT

TABLE = ROOT / "tests" / "README.md"
BEGIN, END = "<!-- contract: written by `nox -s readme` -->", "<!-- /contract -->"
SDK = "openai SDK"


def pages() -> dict[Path, str]:
    """Return the page of each room that the contract sets beside a stock class."""
    rows = contract()
    names = [package for package in PACKAGES if stock(package.name) in rows[0]]
    return {
        package.path / "README.md": page(package.path / "README.md", package.name)
        for package in names
    }


def stock(package: str) -> str:
    """Return the column of what a room is set beside: the framework's class, the core's SDK."""
    return SDK if package == "core" else f"stock {package}"


def page(path: Path, package: str) -> str:
    """Return one page with its part written anew."""
    before, _, rest = path.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{comparison(package)}\n\n{END}{after}"


def comparison(package: str) -> str:
    """Return, as a list, the behaviours that only our class keeps."""
    rows = contract()
    ours = [row for row in rows if row[package] == "yes"]
    lacking = [row for row in ours if row[stock(package)] not in {"yes", "n/a"}]
    told = [f"* {row['']}{how(row[stock(package)])}" for row in lacking]
    beside = "the plain SDK" if package == "core" else "the framework's stock class"
    start = (
        f"The [contract of all adapters](../../tests/README.md) has {len(rows)} behaviours; ours"
        f" keeps {len(ours)}. On the same sandbox {beside} does not keep these:"
    )
    return "\n".join([start, "", *told])


def how(cell: str) -> str:
    """Return what to add when a behaviour is kept half of the time."""
    return "" if cell == "no" else f" (kept {cell})"


def contract() -> list[dict[str, str]]:
    """Return the rows of the contract's table, by column."""
    text = TABLE.read_text().partition("<!-- contract:")[2].partition(END)[0]
    lines = [re.split(r"\s*\|\s*", line)[1:-1] for line in text.splitlines() if line[:1] == "|"]
    head, _, *rows = lines
    return [dict(zip(head, row, strict=True)) for row in rows]


def write() -> None:
    """Write every page."""
    for path, text in pages().items():
        path.write_text(text)


if __name__ == "__main__":
    write()
