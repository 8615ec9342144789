"""The examples of a page, run as they stand, one after the other."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

from tools import readme_packages

BLOCK = re.compile(r"(?P<mark><!-- not run: .+? -->\n+)?```python\n(?P<code>.*?)```", re.DOTALL)

REQUIRES = re.compile(r"\A---\n(?:.+\n)*?requires: (?P<names>.+)\n(?:.+\n)*?---\n")


def run(page: Path) -> int:
    """Run the examples of a page, with the names of each known to the next; return how many."""
    codes = list(snippets(page))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with asyncio.Runner() as runner:
        for code in codes:
            awaited = eval(compiled(code, page), namespace)
            if inspect.iscoroutine(awaited):
                runner.run(awaited)
    return len(codes)


def compiled(code: str, page: Path) -> CodeType:
    """Compile an example, which may await outside of a function."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    # Not with the future imports of this module.
    code_object: CodeType = compile(code, page, "exec", flags=flags, dont_inherit=True)
    return code_object


def requirements(page: Path) -> list[str]:
    """Return the packages, beyond those of the tests, that a page names under ``requires``."""
    line = REQUIRES.search(page.read_text())
    return line["names"].split() if line else []


def snippets(page: Path) -> Iterator[str]:
    """Yield the examples, each at the line where the page has it, but those marked "not run"."""
    text = own_text(page)
    for block in BLOCK.finditer(text):
        if not block["mark"]:
            first_line = text[: block.start("code")].count("\n")
            yield "\n" * first_line + block["code"]


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in another language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def own_text(page: Path) -> str:
    """Return the text without the snippets that the root README copies from the packages."""
    text = page.read_text()
    return text.partition(readme_packages.BEGIN)[0] + text.partition(readme_packages.END)[2]
