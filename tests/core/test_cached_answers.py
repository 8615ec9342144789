"""Answers that a gateway's cache replays say so, and a fresh one can be asked for."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

MESSAGE = {"role": "assistant", "content": "Oui."}
WHOLE = {"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]}
PIECE = {"choices": [{"index": 0, "delta": MESSAGE, "finish_reason": "stop"}]}
HIT = {"x-cache": "HIT", "x-request-id": "r1", "set-cookie": "a=secret-secret", "x-more": "1"}


def test_completion_keeps_headers_without_secrets(sandbox: Any, api: Any) -> None:
    sandbox.script([{"json": WHOLE, "headers": HIT}])
    answer = api().do("chat", "?", model="gemma4:31b")
    assert answer.cached
    assert (answer.headers["X-Cache"], answer.headers["x-more"]) == ("HIT", "1")
    assert "set-cookie" not in answer.headers
    assert "secret-secret" not in repr(answer)
    assert pickle.loads(pickle.dumps(answer)).headers == answer.headers
    with pytest.raises(TypeError):
        answer.headers["x-more"] = "2"


def test_streamed_answer_says_that_it_is_cached(sandbox: Any, api: Any) -> None:
    sandbox.script([{"sse": [PIECE, "data: [DONE]\n\n"], "headers": HIT}])
    assert api().events("?", model="gemma4:31b")[-1].completion.cached


@pytest.mark.parametrize(
    ("value", "cached"),
    [("miss", False), ("HIT, MISS", False), ("MISS, HIT", True), ("Hit from cloudfront", True)],
)
def test_nearest_cache_counts(sandbox: Any, api: Any, value: str, cached: bool) -> None:
    sandbox.script([{"json": WHOLE, "headers": {"x-cache": value}}])
    assert api().do("chat", "?", model="gemma4:31b").cached == cached


def test_fresh_answers_are_asked_for_with_another_nonce_each(sandbox: Any, api: Any) -> None:
    parts = [{"role": "system", "content": "S"}, {"role": "user", "content": "Weather?"}]
    for _ in range(2):
        api().do("chat", parts, model="gemma4:31b", fresh=True)
    first, second = (request.json["messages"] for request in sandbox.requests[-2:])
    assert first[0] == second[0] == parts[0]
    assert first[1]["content"].startswith("Weather?")
    assert first[1]["content"] != second[1]["content"]


def test_a_nonce_stands_beside_the_parts_of_a_message(sandbox: Any, api: Any) -> None:
    content = [{"type": "text", "text": "Weather?"}]
    api().events([{"role": "user", "content": content}], model="gemma4:31b", fresh=True)
    (message,) = sandbox.requests[-1].json["messages"]
    assert "Weather?" in str(message["content"])
    assert "request" in str(message["content"])
