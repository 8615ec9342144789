"""Generator of the diagrams on the no-code pages: ``python cookbooks/nocode/draw.py``.

The diagrams show the relevant controls of each screen. They are not screenshots, because no
account on these platforms was available. drawings.json contains their content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
INK, FAINT, LINE, PAPER, ACCENT = "#1f2937", "#6b7280", "#cbd5e1", "#ffffff", "#4f46e5"
FONT = "font-family='Helvetica, Arial, sans-serif'"
MONO = "font-family='Menlo, Consolas, monospace'"
MARGIN, GAP, HEAD, ROW, LINE_HEIGHT = 24, 28, 44, 56, 19
CARD_WIDTH, CARD_HEIGHT, ARROW = 200, 104, 46
NOTE_DEPTH = {"field": 38, "select": 38, "code": 38, "button": 16}


def drawing(picture: Mapping[str, Any]) -> str:
    """Render a diagram as SVG: a chain of cards, or windows side by side."""
    parts, width, height = chain(picture) if "chain" in picture else windows(picture)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' role='img'>\n<title>{escape(picture['alt'])}</title>\n"
        f"<rect width='{width}' height='{height}' fill='#f8fafc'/>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def chain(picture: Mapping[str, Any]) -> tuple[list[str], int, int]:
    """Draw steps from left to right, connected by arrows."""
    parts: list[str] = []
    x = MARGIN
    for number, card in enumerate(picture["chain"], 1):
        if number > 1:
            parts.append(arrow(x - ARROW, MARGIN + CARD_HEIGHT // 2))
        parts += step(x, number, card)
        x += CARD_WIDTH + ARROW
    return parts, x - ARROW + MARGIN, CARD_HEIGHT + 2 * MARGIN


def step(x: int, number: int, card: Mapping[str, str]) -> Iterator[str]:
    yield box(x, MARGIN, CARD_WIDTH, CARD_HEIGHT, stroke=card.get("stroke", LINE))
    yield badge(x + 22, MARGIN + 24, str(number), card.get("stroke", FAINT))
    yield words(x + 42, MARGIN + 29, card["app"], bold=True)
    for line, shown in enumerate(card["does"].split("\n")):
        yield words(x + 14, MARGIN + 60 + line * LINE_HEIGHT, shown, fill=FAINT, size=14)


def windows(picture: Mapping[str, Any]) -> tuple[list[str], int, int]:
    """Draw windows with their rows."""
    parts: list[str] = []
    x, height = MARGIN, 0
    for window in picture["windows"]:
        width = window.get("width", 400)
        tall = HEAD + 16 + sum(map(row_height, window["rows"])) + 8
        parts += frame(x, width, tall, window["title"])
        y = MARGIN + HEAD + 16
        for row in window["rows"]:
            parts += drawn(row, x + 18, y, width - 36)
            y += row_height(row)
        x += width + GAP
        height = max(height, tall)
    return parts, x - GAP + MARGIN, height + 2 * MARGIN


def frame(x: int, width: int, height: int, title: str) -> Iterator[str]:
    yield box(x, MARGIN, width, height)
    yield f"<path d='M{x} {MARGIN + HEAD}h{width}' stroke='{LINE}'/>"
    yield words(x + 18, MARGIN + 28, title, bold=True)


def row_height(row: Mapping[str, Any]) -> int:
    """Compute the height of a row from the lines of its value."""
    lines = row.get("value", "").count("\n") + 1
    if "label" in row and not is_plain(row):
        return ROW + 14 + (lines - 1) * LINE_HEIGHT
    return 30 + (lines - 1) * LINE_HEIGHT + (14 if row.get("kind") == "button" else 0)


def is_plain(row: Mapping[str, Any]) -> bool:
    return row.get("kind") in ("text", "pair", "tick")


def drawn(row: Mapping[str, Any], x: int, y: int, width: int) -> Iterator[str]:
    """Draw a row by its kind: field (default), code, select, button, tick, pair or text."""
    kind = row.get("kind", "field")
    yield from DRAWERS[kind](row, x, y, width)
    if "note" in row:
        at = y + NOTE_DEPTH.get(kind, 12)
        yield badge(x + width - 4, at, str(row["note"]), ACCENT)


def field(row: Mapping[str, Any], x: int, y: int, width: int) -> Iterator[str]:
    yield words(x, y + 12, row["label"], size=13, fill=FAINT)
    lines = row["value"].split("\n")
    yield box(x, y + 20, width, 34 + (len(lines) - 1) * LINE_HEIGHT)
    mono = row.get("kind") == "code"
    for number, line in enumerate(lines):
        yield words(x + 10, y + 42 + number * LINE_HEIGHT, line, mono=mono, size=13 if mono else 14)
    if row.get("kind") == "select":
        yield f"<path d='M{x + width - 36} {y + 34}l6 7l6 -7' fill='none' stroke='{FAINT}'/>"


def button(row: Mapping[str, Any], x: int, y: int, width: int) -> Iterator[str]:
    wide = 26 + 8 * len(row["value"])
    yield f"<rect x='{x}' y='{y}' width='{wide}' height='32' rx='6' fill='{ACCENT}'/>"
    yield words(x + 13, y + 21, row["value"], fill=PAPER, bold=True, size=14)


def tick(row: Mapping[str, Any], x: int, y: int, width: int) -> Iterator[str]:
    yield f"<rect x='{x}' y='{y + 2}' width='15' height='15' rx='3' fill='{ACCENT}'/>"
    yield f"<path d='M{x + 3} {y + 9}l3 4l6 -7' fill='none' stroke='{PAPER}' stroke-width='2'/>"
    yield words(x + 24, y + 15, row["value"], size=14)


def pair(row: Mapping[str, Any], x: int, y: int, width: int) -> Iterator[str]:
    yield words(x, y + 15, row["label"], size=14, fill=FAINT)
    for number, line in enumerate(row["value"].split("\n")):
        yield words(x + width * 9 // 20, y + 15 + number * LINE_HEIGHT, line, size=14)


def plain(row: Mapping[str, Any], x: int, y: int, width: int) -> Iterator[str]:
    for number, line in enumerate(row["value"].split("\n")):
        mono = bool(row.get("mono"))
        yield words(x, y + 15 + number * LINE_HEIGHT, line, size=13 if mono else 14, mono=mono)


DRAWERS = {
    **dict.fromkeys(("field", "select", "code"), field),
    "button": button,
    "tick": tick,
    "pair": pair,
    "text": plain,
}


def box(x: int, y: int, width: int, height: int, stroke: str = LINE) -> str:
    place = f"x='{x}' y='{y}' width='{width}' height='{height}'"
    return f"<rect {place} rx='8' fill='{PAPER}' stroke='{stroke}' stroke-width='1.5'/>"


def badge(x: int, y: int, text: str, fill: str) -> str:
    number = f"<text x='{x}' y='{y + 5}' {FONT} font-size='13' font-weight='bold' fill='{PAPER}' "
    number += f"text-anchor='middle'>{escape(text)}</text>"
    return f"<circle cx='{x}' cy='{y}' r='12' fill='{fill}'/>{number}"


def arrow(x: int, y: int) -> str:
    line = f"M{x + 8} {y}h{ARROW - 16}m-7 -6l7 6l-7 6"
    return f"<path d='{line}' fill='none' stroke='{FAINT}' stroke-width='2'/>"


def words(
    x: int,
    y: int,
    text: str,
    *,
    fill: str = INK,
    size: int = 15,
    bold: bool = False,
    mono: bool = False,
) -> str:
    weight = " font-weight='bold'" if bold else ""
    kept = " xml:space='preserve'" if mono else ""
    family = MONO if mono else FONT
    place = f"x='{x}' y='{y}' {family} font-size='{size}' fill='{fill}'"
    return f"<text {place}{weight}{kept}>{escape(text)}</text>"


def copies() -> dict[Path, str]:
    """Build the generated files and their contents."""
    told = json.loads((HERE / "drawings.json").read_text())
    return {HERE.parent / path: drawing(picture) for path, picture in told.items()}


if __name__ == "__main__":
    for path, text in copies().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
