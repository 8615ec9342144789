"""Turn HTML pages of a book into one Markdown text, with a licence notice at its head.

    python packages/cli/tools/html_to_markdown.py NOTICE.txt PAGE.html... > document.md

Headings, paragraphs, lists and code blocks stay; navigation, tables of contents, images
and index anchors go.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
BLOCKS = {"p", "li", "dt", "dd", "td", "th", *HEADINGS}
SKIPPED_CLASSES = {"banner", "toc", "docnav", "indexterm", "mediaobject", "footnotes", "navheader"}
SKIPPED_TAGS = {"head", "script", "style", "sup"}
VOID_TAGS = {"br", "hr", "img", "link", "meta", "input", "col"}


class Converter(HTMLParser):
    """Collects Markdown blocks while the parser walks the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self._text: list[str] = []
        self._prefix = ""
        self._skip_depth = 0
        self._pre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, or go on skipping what is navigation."""
        if tag in VOID_TAGS:
            return
        known = dict(attrs)
        classes = {*(known.get("class") or "").split(), known.get("id")}
        if self._skip_depth or tag in SKIPPED_TAGS or classes & SKIPPED_CLASSES:
            self._skip_depth += 1
        elif tag == "pre":
            self._flush()
            self._pre = True
        elif tag in BLOCKS:
            self._open(tag)
        elif tag in ("code", "tt") and not self._pre:
            self._text.append("`")

    def handle_endtag(self, tag: str) -> None:
        """Close the block or the code span."""
        if tag in VOID_TAGS:
            return
        if self._skip_depth:
            self._skip_depth -= 1
        elif tag == "pre":
            self._code_block()
        elif tag in BLOCKS:
            self._flush()
        elif tag in ("code", "tt") and not self._pre:
            self._text.append("`")

    def handle_data(self, data: str) -> None:
        """Keep text that is not skipped."""
        if not self._skip_depth:
            self._text.append(data)

    def _open(self, tag: str) -> None:
        pending = self._prefix if tag == "p" and not "".join(self._text).strip() else ""
        self._flush()
        self._prefix = (HEADINGS.get(tag, "") and HEADINGS[tag] + " ") or pending
        self._prefix = "- " if tag == "li" else self._prefix

    def _flush(self) -> None:
        text = re.sub(r"\s+", " ", "".join(self._text)).strip().replace("``", "")
        if text:
            self.blocks.append(self._prefix + text)
            self._prefix = ""
        self._text = []

    def _code_block(self) -> None:
        self.blocks.append("```\n" + "".join(self._text).strip("\n") + "\n```")
        self._text, self._pre = [], False


def convert(html: str) -> str:
    """Return the Markdown of one page."""
    converter = Converter()
    converter.feed(html)
    return "\n\n".join(converter.blocks)


def main() -> None:
    """Print the notice and every page named on the command line."""
    notice, *pages = map(Path, sys.argv[1:])
    texts = [notice.read_text("utf-8").strip()]
    texts += [convert(page.read_text("utf-8")) for page in pages]
    print("\n\n".join(texts))


if __name__ == "__main__":
    main()
