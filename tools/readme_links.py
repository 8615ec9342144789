"""Absolute links in the packages' READMEs, which PyPI also shows.

``python -m tools.readme_links`` replaces relative links by links to the repository that the
core's metadata names; ``tests/repo/test_readme.py`` compares.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.repository import PACKAGES, ROOT

BRANCH = "main"
RELATIVE = re.compile(r"\]\((?!https?:|mailto:|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def repository_url() -> str:
    """Return the address of the repository from the metadata of the core."""
    core = next(package for package in PACKAGES if package.name == "core")
    url: str = core.project["urls"]["Source"]
    return url.rstrip("/")


def pages() -> list[Path]:
    """Return the README of each package."""
    return [package.path / "README.md" for package in PACKAGES]


def render(page: Path) -> str:
    """Render a page with absolute links only."""
    return RELATIVE.sub(lambda link: _absolute(page, link), page.read_text())


def linked_files(page: Path) -> Iterator[str]:
    """Yield the path of each file of the repository that a page links to."""
    start = re.escape(repository_url())
    yield from re.findall(rf"{start}/(?:blob|tree)/{BRANCH}/([^)#\s]+)", page.read_text())


def _absolute(page: Path, link: re.Match[str]) -> str:
    target = Path(os.path.normpath(page.parent / link["path"]))
    kind = "tree" if target.is_dir() else "blob"
    path = target.relative_to(ROOT).as_posix()
    return f"]({repository_url()}/{kind}/{BRANCH}/{path}{link['anchor'] or ''})"


if __name__ == "__main__":
    for each in pages():
        each.write_text(render(each))
