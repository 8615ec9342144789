"""Generator of the matrix in tests/README.md: packages by environments.

Each test session of nox saves a JUnit file whose properties are the installed versions.
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
    """One kind of environment: results of each package, and installed versions."""

    results: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    versions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    dates: set[str] = field(default_factory=set)


def environment() -> dict[str, str]:
    """Return the versions of Python and of all declared dependencies."""
    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for name in sorted(collect_dependencies()):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def collect_dependencies() -> set[str]:
    """Return the names of the packages' dependencies."""
    texts = [text for package in PACKAGES for text in package.project["dependencies"]]
    for package in PACKAGES:
        texts += package.configuration.get("dependency-groups", {}).get("test", [])
    names = {re.split(r"[^\w.-]", text)[0] for text in texts}
    return names - {package.project["name"] for package in PACKAGES}


def columns(folder: Path) -> dict[str, Column]:
    """Parse every file of a folder, into one column for each kind of environment."""
    found: dict[str, Column] = defaultdict(Column)
    for path in sorted(folder.glob("*.xml")):
        for suite in ET.parse(path).getroot().iter("testsuite"):
            reported = properties(suite)
            minor = ".".join(reported["Python"].split(".")[:2])
            column = found[f"{suite.attrib['name']}, Python {minor}"]
            column.dates.add(suite.attrib["timestamp"][:10])
            for name, number in reported.items():
                column.versions[name].add(number)
            for package, outcome in outcomes(suite):
                column.results[package][outcome] += 1
    return dict(sorted(found.items()))


def properties(suite: ET.Element) -> dict[str, str]:
    """Return the versions; other plugins save properties, too."""
    reported = {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}
    return {
        name: reported[name]
        for name in sorted({"Python", *collect_dependencies()})
        if name in reported
    }


def outcomes(suite: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield the package and outcome of each test; a skipped module counts as one test."""
    for case in suite.iter("testcase"):
        where = case.attrib.get("classname") or case.attrib["name"]
        kinds = {child.tag for child in case}
        failed = kinds & {"failure", "error"}
        yield (
            where.split(".")[1],
            "failed" if failed else "skipped" if "skipped" in kinds else "passed",
        )


def render(found: dict[str, Column]) -> str:
    """Render both tables: results and versions."""
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
    caption = "Tests passed / skipped / failed, and below the versions they ran with."
    return "\n\n".join([caption, table(found, [*results, dates]), table(found, numbers)])


def cell(column: Column, package: str) -> str:
    """Render the results of one package."""
    counts = column.results.get(package)
    if not counts:
        return ABSENT
    return " / ".join(str(counts[kind]) for kind in ("passed", "skipped", "failed"))


def table(found: dict[str, Column], rows: list[list[str]]) -> str:
    """Render rows as Markdown."""
    lines = [["", *found], ["---"] * (len(found) + 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Write the tables."""
    found = columns(Path(sys.argv[1]))
    if not found:
        sys.exit("no results yet: nox -s tests oldest integration")
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n\n{render(found)}\n\n{END}{after}")


if __name__ == "__main__":
    main()
