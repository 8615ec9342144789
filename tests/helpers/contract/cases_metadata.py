"""The contract's rows about what an answer's metadata says of it."""

from __future__ import annotations

import warnings

from tests.helpers.contract.cases_engines import script
from tests.helpers.contract.driver import Bench
from tests.helpers.contract.registry import Rows

ROWS = Rows()
row = ROWS.row


YES = {"role": "assistant", "content": "Oui."}


@row("an answer that a cache replayed is marked")
async def cached(bench: Bench) -> None:
    script(bench, YES, headers={"x-cache": "hit"})
    assert (await bench.ask()).notes["cached"]
    script(bench, YES, headers={"x-cache": "miss"})
    assert not (await bench.ask()).notes["cached"]


@row("a fresh answer is asked for with a nonce")
async def fresh(bench: Bench) -> None:
    script(bench, YES)
    await bench.ask(options={"fresh": True})
    sent = list(bench.box.requests)[-1].json
    assert "fresh" not in sent
    assert str(sent["messages"][-1]["content"]) != "Bonjour"
    assert "Bonjour" in str(sent["messages"][-1]["content"])


@row("a change of the request is told in the answer's metadata")
async def adjusted(bench: Bench) -> None:
    script(bench, YES)
    answer = await bench.ask(options={"reasoning": False})
    assert [note["kind"] for note in answer.notes["adjustments"]] == ["reasoning"]


@row("several requests of one call are told in the answer's metadata")
async def attempted(bench: Bench) -> None:
    script(bench, {"role": "assistant", "content": ""})
    script(bench, YES)
    answer = await bench.ask(options={"retry_empty": True})
    assert [attempt.get("empty") for attempt in answer.notes["attempts"]] == [True, None]


@row("unknown usage costs nothing that is known")
async def no_usage(bench: Bench) -> None:
    for usage in (None, {}, {"total_tokens": 9}, {"prompt_tokens": 0, "completion_tokens": 0}):
        script(bench, YES, usage=usage)
        answer = await bench.ask()
        assert (answer.cost, answer.tokens or 0) == (None, 0)


@row("an answer of reasoning alone is explained, although it ended by itself")
async def reasoned_only(bench: Bench) -> None:
    script(bench, {"role": "assistant", "content": None, "reasoning": "Hm."}, finish="stop")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await bench.ask()
    assert any("effort" in str(one.message) for one in caught)
