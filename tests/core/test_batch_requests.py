"""Batches are prepared like chats: conformed, with tools beside a schema, and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import llmaas
from llmaas import Completion
from llmaas.content_parts import data_uri
from tests.helpers.servers.answering import answer_json, answering

MODEL = "mistral-small4:119b"
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


class Report(BaseModel):
    """A report."""

    city: str


def submitted(sandbox: Any, api: Any, *conversations: Any, **options: Any) -> tuple[Any, Any]:
    lot = api().do("submit_batch", list(conversations), **{"model": MODEL, **options})
    return lot, sandbox.requests[-1].json


def test_batch_describes_the_schema_in_words_when_tools_may_be_called(
    sandbox: Any, api: Any
) -> None:
    lot, body = submitted(sandbox, api, "Un ?", "Deux ?", tools=[TOOL], response_format=Report)
    assert "response_format" not in body
    assert [tool["function"]["name"] for tool in body["tools"]] == ["weather"]
    for messages in body["messages"]:
        assert [message["role"] for message in messages] == ["system", "user"]
        assert '"city"' in messages[0]["content"]
    kinds = [[each.kind for each in changes] for changes in lot.adjustments]
    assert kinds == [["schema_in_words"]] * 2


@pytest.mark.parametrize("options", [{"conform": False}, {"tool_choice": "none"}])
def test_batch_sends_both_when_no_tool_may_be_called_or_nothing_may_be_changed(
    sandbox: Any, api: Any, options: Any
) -> None:
    lot, body = submitted(sandbox, api, "?", tools=[TOOL], response_format=Report, **options)
    assert body["response_format"]["json_schema"]["name"] == "Report"
    assert body["tools"]
    assert lot.adjustments == ()


def test_batch_answers_call_tools_when_a_schema_is_asked_for(sandbox: Any, api: Any) -> None:
    lot, _ = submitted(sandbox, api, "Weather?", tools=[TOOL], response_format=Report)
    function = {"name": "weather", "arguments": '{"city": "Paris"}'}
    call = {"id": "abc123456", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    answer = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    sandbox.script([{"json": {"id": lot.id, "status": "completed", "results": [answer]}}])
    [got] = api().do("get_batch", lot.id).results
    assert isinstance(got, Completion)
    assert [each.name for each in got.tool_calls] == ["weather"]


def test_batch_mentions_json_when_the_answer_must_be_an_object(sandbox: Any, api: Any) -> None:
    _, body = submitted(sandbox, api, "Un ?", response_format={"type": "json_object"})
    assert "JSON" in str(body["messages"])


def test_batch_adds_a_nonce_to_each_conversation_when_fresh(sandbox: Any, api: Any) -> None:
    _, body = submitted(sandbox, api, "Un ?", "Un ?", fresh=True)
    first, second = body["messages"]
    assert "fresh" not in body
    assert first != second


@pytest.mark.parametrize("where", ["client", "call"])
def test_batch_refuses_images_for_a_blind_model_when_strict(
    sandbox: Any, api: Any, where: str
) -> None:
    url = {"url": data_uri(b"\x89PNG\r\n", "image/png")}
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": url}]}]
    client = api(strict=True) if where == "client" else api()
    options = {} if where == "client" else {"strict": True}
    with pytest.raises(llmaas.InvalidInputError, match="image"):
        client.do("submit_batch", [image], model="gpt-oss:120b", **options)
    assert not sandbox.requests


def test_batch_reads_files_up_to_the_limit_of_the_client(
    sandbox: Any, api: Any, tmp_path: Path
) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"\x89PNG" + bytes(100))
    image = [{"role": "user", "content": [{"type": "image", "image": path}]}]
    with pytest.raises(llmaas.InvalidInputError, match="max_file_bytes=50"):
        api(max_file_bytes=50).do("submit_batch", [image], model=MODEL)
    assert not sandbox.requests


def test_batch_tells_the_names_of_tools_that_had_to_be_replaced(sandbox: Any, api: Any) -> None:
    bad = {"type": "function", "function": {**TOOL["function"], "name": "météo du jour"}}  # type: ignore[dict-item]
    lot, body = submitted(sandbox, api, "?", tools=[bad])
    sent = body["tools"][0]["function"]["name"]
    assert sent.isascii()
    [[change]] = lot.adjustments
    assert (change.kind, "météo du jour" in change.detail, sent in change.detail) == (
        "tool_names", True, True)  # fmt: skip


FAILED = {"choices": [{"index": 0, "message": {"content": "h"}, "error": {"message": "no room"}}]}
ANSWERED = {"choices": [{"index": 0, "message": {"content": "Oui"}, "finish_reason": "stop"}]}


def test_batch_keeps_the_other_answers_when_a_choice_failed(api: Any) -> None:
    batch = {"id": "b", "status": "completed", "request_counts": {"total": 2}}
    with answering(lambda _: answer_json({**batch, "results": [FAILED, ANSWERED]})) as url:
        answers = api(base_url=url, api_key="k").do("get_batch", "b").answers
    assert isinstance(answers[0], llmaas.APIError)
    assert "no room" in str(answers[0])
    assert answers[1].text == "Oui"
