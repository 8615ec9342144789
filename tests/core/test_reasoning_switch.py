"""The option ``reasoning``: what each family takes, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

import llmaas
from llmaas.warnings import IgnoredOptionWarning
from tests.helpers.servers.fake_engine import engine


def template(**switches: Any) -> dict[str, Any]:
    return {"chat_template_kwargs": switches}


QWEN_OFF = {"enable_thinking": False, **template(enable_thinking=False)}
SENT: list[tuple[str, Any, dict[str, Any], str]] = [
    ("qwen3.6:27b", False, QWEN_OFF, ""),
    ("qwen3.6:27b", "none", QWEN_OFF, ""),
    ("qwen3.6:27b", "off", QWEN_OFF, ""),
    ("Qwen/Qwen3.8-27B-FP8", False, QWEN_OFF, ""),
    ("qwen3.8:27b", "low", {"reasoning_effort": "low"}, ""),
    ("qwen3.8:27b", "minimal", {"reasoning_effort": "low"}, "no effort"),
    ("qwen3.6:35b", "low", {"enable_thinking": True, **template(enable_thinking=True)},
     "no levels"),
    ("gpt-oss:120b", "low", {"reasoning_effort": "low"}, ""),
    ("gpt-oss:120b", False, {"reasoning_effort": "low"}, "cannot stop"),
    ("gpt-oss:120b", True, {}, ""),
    ("mistral-small4:119b", False, {"reasoning_effort": "none"}, ""),
    ("mistral-small3.2:24b", False, {}, ""),
    ("mistral-small3.2:24b", True, {}, "does not reason"),
    ("llama3.3:70b", False, {}, ""),
    ("qwen-coder-next:80b", False, {}, ""),
    ("nemotron-3-super:120b", False, template(enable_thinking=False), ""),
    ("nemotron-3-super:120b", "low", template(enable_thinking=True, low_effort=True), ""),
    ("gemma4:31b", True, template(enable_thinking=True), ""),
    ("granite3.3:8b", False, template(thinking=False), ""),
    ("qwen3-2507-think:4b", False, {}, "cannot stop"),
    ("somebody/unknown", False, template(enable_thinking=False, thinking=False), ""),
    ("somebody/unknown", "high", {"reasoning_effort": "high"}, ""),
]  # fmt: skip
FIELDS = ("enable_thinking", "chat_template_kwargs", "reasoning_effort", "reasoning")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for engines, which take any."""
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-engine")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
@pytest.mark.parametrize(("model", "reasoning", "fields", "lacks"), SENT)
def test_reasoning_option_sends_what_the_family_takes(
    api: Any, model: str, reasoning: Any, fields: dict[str, Any], lacks: str
) -> None:
    with engine(lambda _: {"content": "ok"}) as served:
        client = api(base_url=served.base_url)
        completion = client.do("chat", "Hi", model=model, reasoning=reasoning)
        streamed = client.events("Hi", model=model, reasoning=reasoning)[-1].completion
    for body in served.bodies:
        assert {name: body[name] for name in FIELDS if name in body} == fields
    for answer in (completion, streamed):
        assert [note.kind for note in answer.adjustments] == (["reasoning"] if lacks else [])
        assert lacks in "".join(note.detail for note in answer.adjustments)


def test_fields_of_the_caller_stay_beside_the_reasoning_option(api: Any) -> None:
    with engine(lambda _: {"content": "ok"}) as served:
        api(base_url=served.base_url).do(
            "chat", "Hi", model="qwen3.6:27b", reasoning=False, chat_template_kwargs={"a": 1},
            extra_body={"enable_thinking": True},
        )  # fmt: skip
    assert served.bodies[0]["chat_template_kwargs"] == {"enable_thinking": False, "a": 1}
    assert served.bodies[0]["enable_thinking"] is True


def test_reasoning_dict_is_sent_as_it_is(api: Any) -> None:
    with engine(lambda _: {"content": "ok"}) as served:
        api(base_url=served.base_url).do("chat", "Hi", model="m", reasoning={"effort": "low"})
    assert served.bodies[0]["reasoning"] == {"effort": "low"}


@pytest.mark.parametrize("bad", ["strong", 5, []])
def test_unknown_reasoning_level_is_refused(api: Any, bad: Any) -> None:
    with pytest.raises(llmaas.InvalidInputError, match="reasoning"):
        api(base_url="http://127.0.0.1:9").do("chat", "Hi", model="m", reasoning=bad)


@pytest.mark.parametrize(
    "off",
    [{"reasoning": False}, {"enable_thinking": False}, {"reasoning_effort": "none"},
     {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}}],
)  # fmt: skip
def test_answer_that_reasoned_all_the_same_says_so(api: Any, off: dict[str, Any]) -> None:
    with engine(lambda _: {"reasoning": "Hm.", "content": "ok"}) as served:
        client = api(base_url=served.base_url)
        with pytest.warns(IgnoredOptionWarning, match="switched off"):
            whole = client.do("chat", "Hi", model="qwen3.6:27b", **off)
        with pytest.warns(IgnoredOptionWarning, match="switched off"):
            streamed = client.events("Hi", model="qwen3.6:27b", **off)[-1].completion
    for answer in (whole, streamed):
        assert [note.kind for note in answer.adjustments] == ["reasoning"]


def test_batch_takes_the_reasoning_option(sandbox: Any, api: Any) -> None:
    api().do("submit_batch", ["Hi"], model="gpt-oss:120b", reasoning="low", retry_empty=True)
    body = sandbox.requests[-1].json
    assert body["reasoning_effort"] == "low"
    assert "retry_empty" not in body
