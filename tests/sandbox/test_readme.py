from pathlib import Path

import pytest

from llmaas_sandbox.faults import FAULTS
from llmaas_sandbox.gateway.scripts import KEYS

README = (Path(__file__).parents[2] / "packages/sandbox/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*FAULTS, *KEYS])
def test_the_readme_explains(name: str) -> None:
    assert f"| `{name}` |" in README
