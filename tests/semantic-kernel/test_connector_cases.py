"""Sixteen connector cases: our service passes all, and the README table is current."""

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location(
    "connector_cases", Path(__file__).with_name("connector_cases.py")
)
connector_cases = importlib.util.module_from_spec(spec)
sys.modules["connector_cases"] = connector_cases
spec.loader.exec_module(connector_cases)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def streamed(request):
    return request.param


@pytest.mark.parametrize("case", connector_cases.CASES.values(), ids=connector_cases.CASES)
@pytest.mark.parametrize("model", connector_cases.MODELS.values(), ids=connector_cases.MODELS)
async def test_our_connector_passes(sandbox, case, model, streamed):
    await case(
        connector_cases.Harness(connector_cases.ours(sandbox, model, None), sandbox, streamed)
    )


@pytest.mark.filterwarnings("ignore")
async def test_readme_table_is_current(sandbox):
    assert await connector_cases.table(sandbox) in connector_cases.PAGE.read_text(), (
        "python connector_cases.py"
    )


async def test_case_can_fail(sandbox, streamed):
    sandbox.script([{"content": "Salut", "reasoning": "Hm."}])
    harness = connector_cases.Harness(
        connector_cases.ours(sandbox, "gemma4:31b", None), sandbox, streamed
    )
    with pytest.raises(AssertionError):
        await connector_cases.two_turns(harness)
