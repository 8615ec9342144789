"""Snippets of every README, executed in order against the sandbox."""

import pytest

from tests.helpers import snippets
from tests.helpers.repository import PACKAGES, ROOT

READMES = [ROOT / "README.md", *(package.path / "README.md" for package in PACKAGES)]
READMES.append(ROOT / "docs/production.md")


def marked(path):
    """AutoGen's classic branches read the key from a file: that page writes one."""
    marks = pytest.mark.shows_key("in a file of mode 0600") if path.parent.name == "autogen" else ()
    return pytest.param(path, marks=marks)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "path", [*map(marked, READMES)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_snippets_run(path, sandbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippets.run(path)
