"""Safe HTML from a model's Markdown: no raw tags, images or scripts.

Jupyter executes scripts in the Markdown of a trusted notebook, so Markdown is rendered here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from llmaas.text import visible

# Jupyter renders formulas with MathJax; these commands could link, style, load or define.
_ACTIVE_COMMANDS = re.compile(
    r"\\(?=href|url|style|class|cssId|data|html|include|require|def|let|new|renew|csname|unicode)"
)
_INERT = "\\\u2060"


def markdown_to_html(text: str) -> str:
    """Render Markdown as safe HTML."""
    rendered: str = _renderer().render(text)
    return rendered


def text_to_html(text: str) -> str:
    """Convert plain text to HTML that keeps its lines."""
    return f'<div style="white-space: pre-wrap">{_escape(text)}</div>'


@cache
def _renderer() -> MarkdownIt:
    """Build the renderer: escapes tags, rejects script links, ignores images."""
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    renderer.add_render_rule("text", _render_text)
    return renderer


def _render_text(self: object, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    return _escape(tokens[index].content)


def _escape(text: str) -> str:
    return escape(_ACTIVE_COMMANDS.sub(lambda found: _INERT, visible(text)))
