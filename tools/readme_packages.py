"""The part of the front page that the rooms write: each one's name, sentence and first lines.

``python -m tools.readme_packages`` writes it; a test of the house compares.
"""

from __future__ import annotations

import re

from tests.helpers.repository import PACKAGES, ROOT, Package

README = ROOT / "README.md"
BEGIN, END = "<!-- rooms: written by `nox -s readme` -->", "<!-- /rooms -->"
OPENING = re.compile(
    r"# (?P<title>[^\n]+)\n+(?P<sentence>[^\n].*?)\n\n.*?(?P<code>```(?:python|bash)\n.*?```)",
    re.DOTALL,
)


def rendered() -> str:
    """Return the README as it should be."""
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    doors = "\n\n".join(door for door in map(_door, PACKAGES) if door)
    return f"{before}{BEGIN}\n\n{doors}\n\n{END}{after}"


def _door(package: Package) -> str:
    opening = OPENING.search((package.path / "README.md").read_text())
    if not opening:
        return ""
    sentence = " ".join(opening["sentence"].split())
    link = f"[{opening['title']}](packages/{package.name})"
    return f"### {link}\n\n{sentence}\n\n{opening['code']}"


if __name__ == "__main__":
    README.write_text(rendered())
