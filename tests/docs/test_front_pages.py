"""Blocks of the front pages: each is a complete file."""

import re

import pytest

from tests.helpers.repository import ROOT

PAGES = ["README.md", "README.fr.md", "README.es.md"]
BLOCKS = [
    pytest.param(page, code, id=f"{page}-{number}")
    for page in PAGES
    for number, code in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    )
]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("page", "code"), BLOCKS)
def test_block_runs_as_a_file(page, code, sandbox, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page, "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.strip()
