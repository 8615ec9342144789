from pathlib import Path

import pytest

from llmaas_sandbox.faults import FAULTS
from llmaas_sandbox.scripted_responses import STEP_FIELDS

README = (Path(__file__).parents[2] / "packages/sandbox/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*FAULTS, *STEP_FIELDS])
def test_the_readme_explains(name: str) -> None:
    assert f"| `{name}` |" in README
