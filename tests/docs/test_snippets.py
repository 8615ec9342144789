"""The snippets of every README run as they stand, one after the other, against the sandbox."""

import ast
import asyncio
import inspect
import re

import pytest

import frontdoor
from rooms import HOME, ROOMS

READMES = [HOME / "README.md", *(room.path / "README.md" for room in ROOMS)]
BLOCK = re.compile(r"(?P<mark><!-- not run: .+? -->\n+)?```python\n(?P<code>.*?)```", re.DOTALL)


def own_text(path):
    """Return the text without what the front page repeats from the rooms."""
    text = path.read_text()
    return text.partition(frontdoor.BEGIN)[0] + text.partition(frontdoor.END)[2]


def snippets(path):
    text = own_text(path)
    for block in BLOCK.finditer(text):
        if not block["mark"]:
            first_line = text[: block.start("code")].count("\n")
            yield "\n" * first_line + block["code"]


def marked(path):
    """AutoGen's classic branches read the key from a file: that page writes one."""
    marks = pytest.mark.shows_key("in a file of mode 0600") if path.parent.name == "autogen" else ()
    return pytest.param(path, marks=marks)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "path", [*map(marked, READMES)], ids=lambda path: str(path.relative_to(HOME))
)
def test_snippets_run(path, sandbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    with asyncio.Runner() as runner:
        for code in snippets(path):
            program = compile(code, path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            awaited = eval(program, namespace)
            if inspect.iscoroutine(awaited):
                runner.run(awaited)
