"""Building blocks for adapters."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from contextvars import ContextVar

import pytest

from llmaas import (
    AsyncLLMaaS,
    Backend,
    Choice,
    Completion,
    InvalidInputError,
    RateLimit,
    Timeout,
    ToolCall,
    Usage,
    adapters,
)
from llmaas.settings import Settings

FORMAT = {"type": "json_object"}


def test_all_names_can_be_imported():
    for name in adapters.__all__:
        assert getattr(adapters, name).__doc__, name
    assert dir(adapters) == sorted(adapters.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        getattr(adapters, "nothing")  # noqa: B009 - a name that does not exist


def test_metadata_has_what_is_known():
    assert Completion(None, "m", (Choice(content="Oui."),)).metadata() == {}
    completion = Completion(
        "i",
        "m",
        (Choice(content="Oui."),),
        usage=Usage(1_000_000, 0),
        backend=Backend(machine_name="gpu-1"),
        request_id="r-1",
        rate_limit=RateLimit(limit=3),
    )
    metadata = completion.metadata()
    assert metadata.pop("cost_eur") == completion.cost
    expected = {"request_id": "r-1", "backend": {"machine_name": "gpu-1"}}
    assert metadata == {**expected, "rate_limit": {"limit": 3}}


def test_metadata_tells_why_an_answer_is_empty():
    assert "empty" in Completion(None, "m", (Choice(),)).metadata()["empty_reason"]


def test_public_settings_make_an_equal_client_and_hold_no_secret():
    settings = Settings.create(
        api_key="sk-secret",
        base_url="https://a.example/v1",
        timeout=7,
        deadline=9,
        fallbacks=["gemma4:31b"],
        conform=False,
        proxy="http://jo:hunter22@127.0.0.1:9",
        headers={"authorization": "hunter22"},
    )
    public = settings.to_public_dict()
    assert public == {
        "base_url": "https://a.example/v1",
        "timeout": {"connect": 7.0, "read": 7.0},
        "max_retries": 2,
        "deadline": 9.0,
        "fallbacks": ["gemma4:31b"],
        "conform": False,
    }
    again = Settings.create(api_key="sk-other", **public)
    assert again.timeout == Timeout(7.0, 7.0)
    assert again.to_public_dict() == public


def test_calls_are_split_into_valid_and_invalid():
    calls = (
        ToolCall("1", "a", '{"x": 1}'),
        ToolCall("2", "b", "[1]"),
        ToolCall("3", "c", "{}", cut=True),
    )
    valid, invalid = adapters.split_tool_calls(Choice(tool_calls=calls))
    assert valid == [(calls[0], {"x": 1})]
    assert [call for call, _ in invalid] == [*calls[1:]]
    assert "truncated" in str(invalid[1][1])


@pytest.mark.parametrize(("created", "year"), [(None, None), (0, 1970), (1 << 62, None)])
def test_created_at_is_a_date_or_none(created, year):
    found = adapters.created_at(Completion(None, "m", (), created=created))
    assert (found and found.year) == year


@pytest.mark.parametrize("params", [{"n": 2}, {"extra_body": {"n": 3}}])
def test_several_choices_are_rejected(params):
    with pytest.raises(InvalidInputError, match=r"n must be 1, got [23]: use invoke"):
        adapters.reject_multiple_choices(params, "use invoke.")


@pytest.mark.parametrize("params", [{}, {"n": None}, {"n": 1}, {"extra_body": None}])
def test_one_choice_is_accepted(params):
    adapters.reject_multiple_choices(params, "")


def test_strict_is_set_where_it_changes_nothing():
    closed = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    marked = adapters.mark_strict({"name": "f", "parameters": closed})
    assert marked["strict"] is True
    assert marked["parameters"]["additionalProperties"] is False
    assert adapters.mark_strict({"name": "f"})["strict"] is True
    maps = {"name": "f", "parameters": {"type": "object", "additionalProperties": True}}
    assert adapters.mark_strict(maps) == maps


@pytest.mark.parametrize(
    ("response_format", "text"), [(FORMAT, '{"a": 1}'), (None, '```json\n{"a": 1}\n```')]
)
def test_fence_is_stripped_when_json_is_requested(response_format, text):
    fence = adapters.strip_fence(response_format)
    pieces = [fence.feed(piece) for piece in ("``", "`json\n", '{"a": 1}', "\n```")]
    assert "".join(pieces) + fence.finish(Choice(finish_reason="stop")) == text


def test_map_bounded_keeps_order_context_and_limit():
    tag = ContextVar("tag", default="")
    tag.set("here")
    running, most, lock = 0, 0, threading.Lock()

    def work(item):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return item, tag.get()

    assert adapters.map_bounded(work, range(9), limit=3) == [(n, "here") for n in range(9)]
    assert most <= 3


async def test_amap_bounded_raises_after_the_others_have_ended():
    ended: list[int] = []

    async def work(number: int) -> None:
        if number == 0:
            await asyncio.sleep(0)
            raise ValueError("first")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(number)

    with pytest.raises(ValueError, match="first"):
        await adapters.amap_bounded(work, range(3), limit=3)
    assert ended == [1, 2]


async def test_amap_bounded_keeps_order_and_limit():
    slots = asyncio.Semaphore(3)

    async def work(item):
        assert not slots.locked()
        async with slots:
            await asyncio.sleep(0.001 * (9 - item))
        return item

    assert await adapters.amap_bounded(work, range(9), limit=3) == [*range(9)]


@pytest.mark.parametrize("limit", [1, 2])
async def test_first_failure_stops_the_rest(limit):
    begun = []

    def work(item):
        begun.append(item)
        raise ValueError(item)

    async def awork(item):
        work(item)

    with pytest.raises(ValueError, match="0"):
        await adapters.amap_bounded(awork, range(99), limit=limit)
    assert len(begun) <= limit
    begun.clear()
    with pytest.raises(ValueError, match=r"\d"):
        adapters.map_bounded(work, range(99), limit=limit)
    assert len(begun) < 99


async def wait(client, *args, **options):
    if isinstance(client, AsyncLLMaaS):
        return await adapters.await_batch(client, *args, **options)
    return adapters.wait_for_batch(client, *args, **options)


async def test_batch_is_awaited_until_it_is_done(api, sandbox):
    client = api().client
    submitted = client.submit_batch(["Un ?", "Deux ?"], model="gemma4:31b")
    batch = await submitted if isinstance(client, AsyncLLMaaS) else submitted
    done = await wait(client, batch, poll_interval=0.01, timeout=60)
    assert done.done
    assert len(done.answers) == 2
    assert (await wait(client, done)) is done
    assert (await wait(client, batch.id, timeout=0)).done


def test_ids_of_batches_are_noted_in_what_is_raised():
    def submit():
        with adapters.keep_batch_ids("b-1") as ids:
            ids.append("b-2")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        submit()
    assert "b-1, b-2" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("a.csv", "text/csv", "a.csv:\nété"),
        ("a", "text/plain; charset=utf-8", "a:\nété"),
        ("a.json", "application", "a.json:\nété"),
        ("a.md", "application/octet-stream", "a.md:\nété"),
        ("a", "application/ld+json", "a:\nété"),
        ("a.json", "application/pdf", "a.json:\nété"),
        ("a.pdf", "application/pdf", None),
        ("a", "application/pdf", None),
        ("a", "application/octet-stream", None),
        ("a.docx", "application", None),
    ],
)
def test_text_file_becomes_text(name, kind, text):
    data = base64.b64encode("été".encode()).decode()
    file = {"filename": name, "file_data": f"data:{kind};base64,{data}"}
    part = {"type": "file", "file": file}
    expected = part if text is None else {"type": "text", "text": text}
    assert adapters.text_file_part(part) == expected


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text", "text": "a"},
        {"type": "file", "file": {"file_id": "f-1"}},
        {"type": "file", "file": {"filename": "a.txt", "file_data": "https://a.example/a.txt"}},
        {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,a"}},
        {
            "type": "file",
            "file": {"filename": "a", "file_data": "data:application/pdf;base64,JVBERi0="},
        },
    ],
)
def test_other_parts_stay_as_they_are(part):
    assert adapters.text_file_part(part) is part
