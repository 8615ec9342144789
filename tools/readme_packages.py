"""Generator of the package list in the root README: title, first sentence and first code block.

All but the first package are folded. The blocks are complete files.

``python -m tools.readme_packages`` writes it; ``tests/repo/test_prose.py`` compares.
"""

from __future__ import annotations

import re

from tests.helpers.repository import PACKAGES, ROOT, Package

README = ROOT / "README.md"
BEGIN, END = "<!-- packages: written by `nox -s readme` -->", "<!-- /packages -->"
FIRST, SHARED = "langchain", ("core", "cli", "sandbox")
OPENING = re.compile(
    r"# (?P<title>[^\n]+)\n+(?P<sentence>[^\n].*?)\n\n.*?(?P<code>```(?:python|bash)\n.*?```)",
    re.DOTALL,
)


def render() -> str:
    """Render the root README with its package list updated."""
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    sections = "\n\n".join(filter(None, map(_render_package, in_order())))
    return f"{before}{BEGIN}\n\n{sections}\n\n{END}{after}"


def in_order() -> list[Package]:
    """Sort the packages: LangChain, the other frameworks, then what they share."""
    return sorted(PACKAGES, key=lambda package: (package.name in SHARED, package.name != FIRST))


def _render_package(package: Package) -> str:
    opening = OPENING.search((package.path / "README.md").read_text())
    if not opening:
        return ""
    sentence = " ".join(opening["sentence"].split())
    if package.name == FIRST:
        link = f"[{opening['title']}](packages/{package.name})"
        return f"### {link}\n\n{sentence}\n\n{opening['code']}"
    sentence = re.sub(r"`(.+?)`", r"<code>\1</code>", sentence)
    summary = f"<summary><b>{opening['title']}</b>: {sentence}</summary>"
    page = f"[More about {opening['title']}](packages/{package.name})"
    return f"<details>\n{summary}\n\n{opening['code']}\n\n{page}\n\n</details>"


if __name__ == "__main__":
    README.write_text(render())
