"""Badges of the README, as local SVG files: facts of the repository, no external service.

``python -m tools.badges`` writes ``docs/pictures/badge-*.svg``; ``tests/repo/test_readme.py``
compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.helpers.repository import PACKAGES, ROOT
from tools.readme_contract import read_contract

FOLDER = ROOT / "docs/pictures"
LABEL, ACCENT, INK = "#566474", "#1769d2", "#ffffff"
CHARACTER, MARGIN, HEIGHT = 6.6, 14, 20
"""Pixels: average width of a character at 11 px, both margins of a field, height."""


def facts() -> dict[str, str]:
    """Return the label and the value of each badge."""
    core = next(package for package in PACKAGES if package.name == "core").project
    rows = read_contract()
    names = [name for name in rows[0] if name in {package.name for package in PACKAGES}]
    passed = [sum(row[name] == "yes" for row in rows) for name in names]
    least = f"{min(passed)} to " if min(passed) < max(passed) else ""
    return {
        "Python": core["requires-python"].replace(">=", "≥ "),
        "license": core["license"],
        "typed": "mypy --strict",
        "contract": f"{least}{max(passed)} of {len(rows)} behaviors",
        "openai SDK": "2 and 3",
    }


def draw(label: str, value: str) -> str:
    """Draw one badge. Fonts of the viewer differ in width, so ``textLength`` fixes it."""
    left, right = (round(len(text) * CHARACTER + MARGIN) for text in (label, value))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}"'
        f' role="img" aria-label="{label}: {value}">'
        f'<clipPath id="r"><rect width="{left + right}" height="{HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{HEIGHT}" fill="{LABEL}"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{ACCENT}"/></g>'
        f'<g fill="{INK}" text-anchor="middle" font-family="system-ui,sans-serif" font-size="11">'
        f"{_text(label, left / 2, left)}{_text(value, left + right / 2, right)}</g></svg>\n"
    )


def _text(text: str, middle: float, width: int) -> str:
    return f'<text x="{middle:g}" y="14" textLength="{width - MARGIN}">{text}</text>'


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file and its contents."""
    for label, value in facts().items():
        yield FOLDER / f"badge-{label.lower().replace(' ', '-')}.svg", draw(label, value)


if __name__ == "__main__":
    for path, text in files():
        path.write_text(text)
