"""Options of the core through LangChain: fallbacks, empty answers, reasoning, files, headers."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from langchain_core.load import dumps
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage

import llmaas
from langchain_llmaas import ChatLLMaaS
from tests.helpers.servers.fake_engine import engine, usage

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")  # fmt: skip # noqa: E501
ANSWERS: dict[str, Any] = {
    "gone": (404, {"error": {"message": "model not found"}}),
    "thought": {"content": None, "reasoning": "Hm.", "usage": usage(10, 90)},
    "good": {"content": "ok"},
}


def by_model(body: dict[str, Any]) -> Any:
    return ANSWERS[body["model"]]


@pytest.fixture(params=["invoke", "stream"])
def ask(request: pytest.FixtureRequest) -> Any:
    def stream(model: Any, messages: Any) -> Any:
        whole = None
        for chunk in model.stream(messages):
            whole = chunk if whole is None else whole + chunk
        return whole

    return stream if request.param == "stream" else lambda model, messages: model.invoke(messages)


def test_fallbacks_answer_and_their_cost_adds_up(ask: Any) -> None:
    with engine(by_model) as served:
        model = ChatLLMaaS(model="gone", base_url=served.base_url, api_key="sk-a",
                           fallbacks=["thought", "good"])  # fmt: skip
        message = ask(model, "Hi")
    assert message.text == "ok"
    assert [body["model"] for body in served.bodies] == ["gone", "thought", "good"]
    assert message.usage_metadata["output_tokens"] == 95


def test_retry_empty_and_reasoning_reach_the_core(ask: Any) -> None:
    answers = iter([{"content": ""}, {"content": "ok"}])
    with engine(lambda _: next(answers)) as served:
        model = ChatLLMaaS(
            model="gpt-oss:120b",
            base_url=served.base_url,
            api_key="sk-a",
            reasoning="high",
            retry_empty=True,
        )
        assert ask(model, "Hi").text == "ok"
    assert [body["reasoning_effort"] for body in served.bodies] == ["high", "low"]


@pytest.mark.parametrize("kind", ["human", "system", "tool"])
@pytest.mark.parametrize("form", range(4))
def test_string_in_message_is_not_read_as_file(tmp_path: Path, kind: str, form: int) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(PNG)
    text = str(path)
    block = [
        {"type": "image", "url": text},
        {"type": "image_url", "image_url": {"url": text}},
        {"type": "image_url", "image_url": text},
        {"type": "image", "image": text},
    ][form]
    content: Any = [block]
    message = {"human": HumanMessage(content), "system": SystemMessage(content),
               "tool": ToolMessage(content, tool_call_id="abcdefghi")}[kind]  # fmt: skip
    with engine(by_model) as served, pytest.raises(llmaas.InvalidInputError, match="local file"):
        ChatLLMaaS(model="good", base_url=served.base_url, api_key="sk-a").invoke([message])
    assert not served.bodies


@pytest.mark.parametrize("form", range(3))
def test_path_object_is_read_as_file(tmp_path: Path, form: int) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(PNG)
    content: Any = [[{"type": "image", "url": path}, {"type": "image", "image": path},
                     {"type": "image_url", "image_url": path}][form]]  # fmt: skip
    with engine(by_model) as served:
        model = ChatLLMaaS(model="good", base_url=served.base_url, api_key="sk-a")
        model.invoke([HumanMessage(content)])
    sent = served.bodies[0]["messages"][0]["content"][0]["image_url"]["url"]
    assert sent.startswith("data:image/png;base64,")


def tool(x: int) -> int:
    """A tool."""
    return x


@pytest.mark.parametrize("deep", [False, True])
def test_bound_headers_and_arguments_are_sent_when_bound_again(
    deep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-a")
    with engine(by_model) as served:
        model = ChatLLMaaS(model="good", api_key="sk-a", base_url=served.base_url)
        bound = model.bind_tools([tool]).bind(extra_headers={"X-Team": "blue"}).bind(seed=7)
        again = pickle.loads(pickle.dumps(bound.with_config(tags=["a"]))) if deep else bound
        again.invoke("Hi")
    assert [t["function"]["name"] for t in served.bodies[0]["tools"]] == ["tool"]
    assert served.bodies[0]["seed"] == 7
    if not deep:  # pickles hold no header of an unknown name
        assert served.headers[0]["x-team"] == "blue"


def test_bound_headers_are_hidden_from_repr_and_dump() -> None:
    secret = "gateway-secret-0123456789"
    model = ChatLLMaaS(model="good", api_key="sk-a", base_url="http://127.0.0.1:9")
    for bound in (
        model.bind(extra_headers={"X-Auth-Of-Mine": secret}, stop=["x"]),
        model.bind_tools([], extra_headers={"X-Tenant-Pass": secret}),
        model.bind_tools([tool]).bind(extra_headers={"X-Tenant-Pass": secret}),
        model.bind(stop=["x"]).bind(extra_headers={"X-Tenant-Pass": secret}).bind(seed=1),
        model.with_config(tags=["a"]).bind(extra_headers={"X-Tenant-Pass": secret}),
        model.bind(extra_headers={"X-Tenant-Pass": secret}).with_config(tags=["a"]),
    ):
        assert secret not in f"{bound!r} {dumps(bound)}"
    with engine(by_model) as served:
        model = ChatLLMaaS(model="good", api_key="sk-a", base_url=served.base_url)
        model.bind(extra_headers={"X-Tenant-Pass": secret}).invoke("Hi")
    assert served.bodies


SYSTEMS = [SystemMessage("One."), SystemMessage("Two."), HumanMessage("Hi")]
IMAGE = HumanMessage([{"type": "image", "base64": base64.b64encode(PNG).decode(),
                       "mime_type": "image/png"}])  # fmt: skip


@pytest.mark.parametrize("where", ["constructor", "bound"])
def test_conform_fresh_and_strict_reach_the_core(ask: Any, where: str) -> None:
    def made(**options: Any) -> Any:
        way = {"model": "gpt-oss:120b", "base_url": served.base_url, "api_key": "sk-a"}
        if where == "constructor":
            return ChatLLMaaS(**way, **options)
        return ChatLLMaaS(**way).bind(**options)

    with engine(lambda _: {"content": "ok"}) as served:
        ask(made(conform=False), SYSTEMS)
        ask(made(fresh=True), "Hi")
        ask(made(fresh=True), "Hi")
        with pytest.raises(llmaas.InvalidInputError, match="image"):
            ask(made(strict=True), [IMAGE])
    raw, first, second = served.bodies
    assert [message["content"] for message in raw["messages"]] == ["One.", "Two.", "Hi"]
    assert first["messages"] != second["messages"]
    assert not {"fresh", "strict", "conform"} & {*raw, *first}


def test_dump_keeps_options_of_the_core() -> None:
    options = {"fallbacks": ["good"], "retry_empty": True, "conform": False, "strict": True,
               "reasoning": "low", "max_file_bytes": 50}  # fmt: skip
    model = ChatLLMaaS(model="m", api_key="sk-a", **options)
    kept = json.loads(dumps(model))["kwargs"]
    assert {name: kept[name] for name in options} == options
    again = pickle.loads(pickle.dumps(model))
    assert {name: getattr(again, name) for name in options} == options


def test_files_are_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(PNG)
    model = ChatLLMaaS(model="good", api_key="sk-a", base_url="http://127.0.0.1:9",
                       max_file_bytes=50)  # fmt: skip
    with pytest.raises(llmaas.InvalidInputError, match="max_file_bytes=50"):
        model.invoke([HumanMessage([{"type": "image", "url": path}])])
