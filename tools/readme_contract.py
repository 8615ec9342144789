"""Generator of each package's contract section: the behaviors that its stock class lacks.

``python -m tools.readme_contract`` reads the table of tests/README.md;
``tests/repo/test_prose.py`` compares.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.helpers.repository import PACKAGES, ROOT
from tools.readme_links import BRANCH, repository_url

TABLE = ROOT / "tests" / "README.md"
BEGIN, END = "<!-- contract: written by `nox -s readme` -->", "<!-- /contract -->"
SDK = "openai SDK"


def render_pages() -> dict[Path, str]:
    """Render the README of each package that the contract compares with a stock class."""
    columns = read_contract()[0]
    names = [package for package in PACKAGES if stock_column(package.name) in columns]
    return {
        package.path / "README.md": render_page(package.path / "README.md", package.name)
        for package in names
    }


def stock_column(package: str) -> str:
    """Return the column of the framework's own class, or of the openai SDK for the core."""
    return SDK if package == "core" else f"stock {package}"


def render_page(path: Path, package: str) -> str:
    """Render one README with its contract section updated."""
    before, _, rest = path.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{render_comparison(package)}\n\n{END}{after}"


def render_comparison(package: str) -> str:
    """Render the list of behaviors that only our class passes."""
    rows = read_contract()
    passed = [row for row in rows if row[package] == "yes"]
    lacking = [row for row in passed if row[stock_column(package)] not in {"yes", "n/a"}]
    items = [f"* {row['']}{qualify(row[stock_column(package)])}" for row in lacking]
    stock = "the plain SDK" if package == "core" else "the framework's stock class"
    contract = f"[contract]({repository_url()}/blob/{BRANCH}/tests/README.md)"
    start = (
        f"This package passes {len(passed)} of the {len(rows)} behaviors of the {contract}."
        f" On the same sandbox {stock} does not pass these:"
    )
    return "\n".join([start, "", *items])


def qualify(cell: str) -> str:
    """Return a note for a behavior that passes in one mode only."""
    return "" if cell == "no" else f" (passes {cell})"


def read_contract() -> list[dict[str, str]]:
    """Parse the rows of the contract table, by column."""
    text = TABLE.read_text().partition("<!-- contract:")[2].partition(END)[0]
    lines = [re.split(r"\s*\|\s*", line)[1:-1] for line in text.splitlines() if line[:1] == "|"]
    head, _, *rows = lines
    return [dict(zip(head, row, strict=True)) for row in rows]


def write_pages() -> None:
    """Write the README of each package."""
    for path, text in render_pages().items():
        path.write_text(text)


if __name__ == "__main__":
    write_pages()
