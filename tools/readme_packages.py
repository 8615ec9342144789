"""Generator of the package list in the root README: title, first sentence and first code block.

``python -m tools.readme_packages`` writes it; ``tests/repo/test_prose.py`` compares.
"""

from __future__ import annotations

import re

from tests.helpers.repository import PACKAGES, ROOT, Package

README = ROOT / "README.md"
BEGIN, END = "<!-- packages: written by `nox -s readme` -->", "<!-- /packages -->"
OPENING = re.compile(
    r"# (?P<title>[^\n]+)\n+(?P<sentence>[^\n].*?)\n\n.*?(?P<code>```(?:python|bash)\n.*?```)",
    re.DOTALL,
)


def render() -> str:
    """Render the root README with its package list updated."""
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    sections = "\n\n".join(filter(None, map(_render_package, PACKAGES)))
    return f"{before}{BEGIN}\n\n{sections}\n\n{END}{after}"


def _render_package(package: Package) -> str:
    opening = OPENING.search((package.path / "README.md").read_text())
    if not opening:
        return ""
    sentence = " ".join(opening["sentence"].split())
    link = f"[{opening['title']}](packages/{package.name})"
    return f"### {link}\n\n{sentence}\n\n{opening['code']}"


if __name__ == "__main__":
    README.write_text(render())
