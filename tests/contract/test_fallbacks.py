"""Fallback models through every adapter, before the first token, with summed usage."""

import warnings

import pytest

from tests.helpers.contract.driver import ClientOptions, Harness, drivers
from tests.helpers.servers.fake_engine import engine, usage

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # frameworks' own, when they are imported first
    OURS = [driver for driver in drivers() if driver.ours]

SMALL = "This model's maximum context length is 1000 tokens. However, your request has 2000 input tokens."  # fmt: skip # noqa: E501
FIRST = {
    "retired": (404, {"error": {"message": "The model `retired` does not exist."}}),
    "unknown": (404, {"error": {"message": "model not found", "code": "model_not_found"}}),
    "overloaded": (503, {"error": {"message": "no capacity"}}),
    "spent": (429, {"error": {"message": "rate limit"}}),
    "overflow": (400, {"error": {"message": SMALL}}),
    "empty": {"content": None, "reasoning": "Hm.", "usage": usage(10, 90)},
}
"""What the first model answers."""
PAID = {"empty": 100}
"""Tokens that it took."""
CASES = [
    pytest.param(driver, first, mode, id=f"{driver.name}-{first}-{mode}")
    for driver in OURS
    for first in FIRST
    for mode in driver.modes
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("driver", "first", "mode"), CASES)
async def test_next_model_answers(driver, first, mode):
    answers = {**FIRST, "good": {"content": "ok", "usage": usage(7, 3)}}
    with engine(lambda body: answers[body["model"]]) as served:
        address = ClientOptions(served.base_url, "sk-a", model=first)
        harness = Harness(driver, None, mode, address)
        answer = await harness.ask(options={"fallbacks": ["good"]})
        alone = await harness.ask(harness.connect(model="good"))
    assert answer.text == "ok"
    assert [body["model"] for body in served.bodies] == [first, "good", "good"]
    assert answer.tokens == 10 + PAID.get(first, 0)
    assert (answer.cost > alone.cost) is (first in PAID)
    assert len(answer.notes["attempts"]) == 2
