"""The matrix in tests/README.md: rooms by environments, from what the test sessions left.

Each session of nox leaves a JUnit file, with the versions it ran with as its properties.
``nox -s matrix`` collects them:

    python -m tools.matrix FOLDER
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.helpers.repository import PACKAGES, ROOT

README = ROOT / "tests" / "README.md"
BEGIN, END = "<!-- matrix: written by `nox -s matrix` -->", "<!-- /matrix -->"
ABSENT = "-"


@dataclass
class Column:
    """One kind of environment: what came out for each room, and what was installed."""

    results: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    versions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    dates: set[str] = field(default_factory=set)


def environment() -> dict[str, str]:
    """Return the versions that may explain a result: Python's, and those of what rooms ask for."""
    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for name in sorted(asked()):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def asked() -> set[str]:
    """Return the names of what the rooms themselves ask for."""
    texts = [text for package in PACKAGES for text in package.project["dependencies"]]
    for package in PACKAGES:
        texts += package.configuration.get("dependency-groups", {}).get("test", [])
    names = {re.split(r"[^\w.-]", text)[0] for text in texts}
    return names - {package.project["name"] for package in PACKAGES}


def columns(folder: Path) -> dict[str, Column]:
    """Read every file of a folder, into one column for each kind of environment."""
    found: dict[str, Column] = defaultdict(Column)
    for path in sorted(folder.glob("*.xml")):
        for suite in ET.parse(path).getroot().iter("testsuite"):
            told = properties(suite)
            minor = ".".join(told["Python"].split(".")[:2])
            column = found[f"{suite.attrib['name']}, Python {minor}"]
            column.dates.add(suite.attrib["timestamp"][:10])
            for name, number in told.items():
                column.versions[name].add(number)
            for package, outcome in outcomes(suite):
                column.results[package][outcome] += 1
    return dict(sorted(found.items()))


def properties(suite: ET.Element) -> dict[str, str]:
    """Return the versions; other plugins leave properties, too."""
    told = {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}
    return {name: told[name] for name in sorted({"Python", *asked()}) if name in told}


def outcomes(suite: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield the room and the outcome of each test; a module that was skipped counts as one."""
    for case in suite.iter("testcase"):
        where = case.attrib.get("classname") or case.attrib["name"]
        kinds = {child.tag for child in case}
        failed = kinds & {"failure", "error"}
        yield (
            where.split(".")[1],
            "failed" if failed else "skipped" if "skipped" in kinds else "passed",
        )


def written(found: dict[str, Column]) -> str:
    """Return both tables: what came out, and what with."""
    packages = sorted({package for column in found.values() for package in column.results})
    names = sorted({name for column in found.values() for name in column.versions})
    dates = ["dates", *(", ".join(sorted(column.dates)) for column in found.values())]
    results = [
        [package, *(cell(column, package) for column in found.values())] for package in packages
    ]
    numbers = [
        [name, *(" ".join(sorted(column.versions[name])) or ABSENT for column in found.values())]
        for name in names
    ]
    told = "Tests passed / skipped / failed, and below the versions they ran with."
    return "\n\n".join([told, table(found, [*results, dates]), table(found, numbers)])


def cell(column: Column, package: str) -> str:
    """Return what came out for one room."""
    counts = column.results.get(package)
    if not counts:
        return ABSENT
    return " / ".join(str(counts[kind]) for kind in ("passed", "skipped", "failed"))


def table(found: dict[str, Column], rows: list[list[str]]) -> str:
    """Return rows as Markdown."""
    lines = [["", *found], ["---"] * (len(found) + 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Write the tables."""
    found = columns(Path(sys.argv[1]))
    if not found:
        sys.exit("no results yet: nox -s tests oldest integration")
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n\n{written(found)}\n\n{END}{after}")


if __name__ == "__main__":
    main()
