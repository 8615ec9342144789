"""Contract cases about the metadata of answers."""

from __future__ import annotations

import warnings

from tests.helpers.contract.cases_engines import script
from tests.helpers.contract.driver import Harness
from tests.helpers.contract.registry import Contract

contract = Contract()


YES = {"role": "assistant", "content": "Oui."}


@contract.case("an answer replayed by a cache is marked")
async def cached(harness: Harness) -> None:
    script(harness, YES, headers={"x-cache": "hit"})
    assert (await harness.ask()).notes["cached"]
    script(harness, YES, headers={"x-cache": "miss"})
    assert not (await harness.ask()).notes["cached"]


@contract.case("`fresh` bypasses caches with a nonce")
async def fresh(harness: Harness) -> None:
    script(harness, YES)
    await harness.ask(options={"fresh": True})
    sent = list(harness.box.requests)[-1].json
    assert "fresh" not in sent
    assert str(sent["messages"][-1]["content"]) != "Bonjour"
    assert "Bonjour" in str(sent["messages"][-1]["content"])


@contract.case("an adjusted request is reported in the answer's metadata")
async def adjusted(harness: Harness) -> None:
    script(harness, YES)
    answer = await harness.ask(options={"reasoning": False})
    assert [note["kind"] for note in answer.notes["adjustments"]] == ["reasoning"]


@contract.case("several requests of one call are reported in the answer's metadata")
async def attempted(harness: Harness) -> None:
    script(harness, {"role": "assistant", "content": ""})
    script(harness, YES)
    answer = await harness.ask(options={"retry_empty": True})
    assert [attempt.get("empty") for attempt in answer.notes["attempts"]] == [True, None]


@contract.case("unknown usage has an unknown cost")
async def no_usage(harness: Harness) -> None:
    for usage in (None, {}, {"total_tokens": 9}, {"prompt_tokens": 0, "completion_tokens": 0}):
        script(harness, YES, usage=usage)
        answer = await harness.ask()
        assert (answer.cost, answer.tokens or 0) == (None, 0)


@contract.case("an answer of reasoning only is explained, also after a normal end")
async def reasoned_only(harness: Harness) -> None:
    script(harness, {"role": "assistant", "content": None, "reasoning": "Hm."}, finish="stop")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await harness.ask()
    assert any("effort" in str(one.message) for one in caught)
