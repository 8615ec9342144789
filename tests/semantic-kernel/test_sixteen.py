"""The sixteen cases: ours keeps all of them, and the page says of the others what is so."""

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("sixteen", Path(__file__).with_name("sixteen.py"))
sixteen = importlib.util.module_from_spec(spec)
sys.modules["sixteen"] = sixteen
spec.loader.exec_module(sixteen)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def streamed(request):
    return request.param


@pytest.mark.parametrize("case", sixteen.CASES.values(), ids=sixteen.CASES)
@pytest.mark.parametrize("model", sixteen.MODELS.values(), ids=sixteen.MODELS)
async def test_ours_keeps(sandbox, case, model, streamed):
    await case(sixteen.Bench(sixteen.ours(sandbox, model, None), sandbox, streamed))


@pytest.mark.filterwarnings("ignore")
async def test_the_page_says_what_is_so(sandbox):
    assert await sixteen.table(sandbox) in sixteen.PAGE.read_text(), "python sixteen.py"


async def test_a_case_can_fail(sandbox, streamed):
    sandbox.script([{"content": "Salut", "reasoning": "Hm."}])
    bench = sixteen.Bench(sixteen.ours(sandbox, "gemma4:31b", None), sandbox, streamed)
    with pytest.raises(AssertionError):
        await sixteen.two_turns(bench)
