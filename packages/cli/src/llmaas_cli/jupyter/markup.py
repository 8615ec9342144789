"""A model's Markdown as HTML that does nothing: no tags of its own, no pictures, no scripts.

Jupyter runs what stands in the Markdown of a trusted notebook, so Markdown is rendered here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from llmaas.text import visible

# Formulas are set by Jupyter; these commands of MathJax could link, style, load or define.
_ACTIVE = re.compile(
    r"\\(?=href|url|style|class|cssId|data|html|include|require|def|let|new|renew|csname|unicode)"
)
_INERT = "\\\u2060"


def to_html(text: str) -> str:
    """Return Markdown as HTML in which only what the Markdown itself means is alive."""
    rendered: str = _renderer().render(text)
    return rendered


def plain_html(text: str) -> str:
    """Return text as HTML that shows it as it is, lines kept."""
    return f'<div style="white-space: pre-wrap">{_quiet(text)}</div>'


@cache
def _renderer() -> MarkdownIt:
    """Build the renderer: tags are text, links cannot run scripts, pictures are not fetched."""
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    renderer.add_render_rule("text", _text)
    return renderer


def _text(self: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    return _quiet(tokens[index].content)


def _quiet(text: str) -> str:
    return escape(_ACTIVE.sub(lambda found: _INERT, visible(text)))
