"""Options of the core through AutoGen: fallbacks, empty answers, reasoning, dumps."""

from __future__ import annotations

import base64
import pickle
from typing import Any

import pytest
from autogen_core import Image
from autogen_core.models import SystemMessage, UserMessage

import llmaas
from autogen_llmaas import LLMaaSChatCompletionClient, native_component
from tests.helpers.servers.fake_engine import engine, usage

ANSWERS: dict[str, Any] = {
    "gone": (404, {"error": {"message": "model not found"}}),
    "thought": {"content": None, "reasoning": "Hm.", "usage": usage(10, 90)},
    "good": {"content": "ok"},
}
QUESTION = [UserMessage(content="Hi", source="user")]


async def answer(client: Any, streamed: bool, **extra: Any) -> Any:
    if not streamed:
        return await client.create(QUESTION, extra_create_args=extra)
    return [piece async for piece in client.create_stream(QUESTION, extra_create_args=extra)][-1]


@pytest.mark.parametrize("streamed", [False, True])
async def test_fallbacks_answer_and_their_usage_adds_up(streamed: bool) -> None:
    with engine(lambda body: ANSWERS[body["model"]]) as served:
        client = LLMaaSChatCompletionClient("gone", api_key="sk-a", base_url=served.base_url,
                                            fallbacks=["thought", "good"])  # fmt: skip
        first = await answer(client, streamed)
        again = await answer(client, streamed, fallbacks=["good"])
    assert (first.content, again.content) == ("ok", "ok")
    assert first.usage.completion_tokens == 95
    assert client.total_usage().completion_tokens == 100
    models = [body["model"] for body in served.bodies]
    assert models == ["gone", "thought", "good", "gone", "good"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_reasoning_and_retry_empty_reach_the_core(streamed: bool) -> None:
    answers = iter([{"content": ""}, {"content": "ok"}])
    with engine(lambda _: next(answers)) as served:
        client = LLMaaSChatCompletionClient("gpt-oss:120b", api_key="sk-a", reasoning="high",
                                            base_url=served.base_url, retry_empty=True)  # fmt: skip
        await answer(client, streamed)
    assert [body["reasoning_effort"] for body in served.bodies] == ["high", "low"]


@pytest.mark.parametrize("name", ["X-Gateway-Token", "X-Auth", "Apikey", "X-Tenant-Pass"])
def test_finding_15_components_and_pickles_hold_no_header_of_an_unknown_name(name: str) -> None:
    secret = "gateway-secret-0123456789"
    headers = {name: secret, "X-Team": "blue"}
    client = LLMaaSChatCompletionClient("good", api_key="sk-a", default_headers=headers)
    dumps = (
        client.dump_component().model_dump_json(),
        repr(native_component("good", default_headers=headers)),
        repr(pickle.dumps(client)),
    )
    for dump in dumps:
        assert secret not in dump
        assert "blue" in dump
    assert dict(client.llmaas.settings.headers)[name] == secret


SYSTEMS = [SystemMessage(content="One."), SystemMessage(content="Two."), *QUESTION]
TINY = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")  # fmt: skip # noqa: E501
PICTURE = UserMessage(content=[Image.from_base64(base64.b64encode(TINY).decode())], source="user")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_conform_fresh_and_strict_reach_the_core(where: str, streamed: bool) -> None:
    async def ask(messages: Any, **options: Any) -> None:
        own = options if where == "constructor" else {}
        client = LLMaaSChatCompletionClient(
            "gpt-oss:120b",
            api_key="sk-a",
            base_url=served.base_url,
            model_info={"vision": True},
            **own,
        )
        extra = {} if where == "constructor" else options
        if streamed:
            _ = [piece async for piece in client.create_stream(messages, extra_create_args=extra)]
        else:
            await client.create(messages, extra_create_args=extra)

    with engine(lambda _: {"content": "ok"}) as served:
        await ask(SYSTEMS, conform=False)
        await ask(QUESTION, fresh=True)
        await ask(QUESTION, fresh=True)
        with pytest.raises(llmaas.InvalidInputError, match="image"):
            await ask([PICTURE], strict=True)
    raw, first, second = served.bodies
    assert len([m for m in raw["messages"] if m["role"] == "system"]) == 2
    assert first["messages"] != second["messages"]
    assert not {"fresh", "strict", "conform"} & {*raw, *first}


def test_component_keeps_options_of_the_core() -> None:
    options: Any = {"fallbacks": ["good"], "retry_empty": True, "conform": False, "strict": True,
                    "fresh": True, "reasoning": "low"}  # fmt: skip
    client = LLMaaSChatCompletionClient("m", api_key="sk-a", **options)
    config = client.dump_component().config
    assert {name: config[name] for name in options} == options
    again = LLMaaSChatCompletionClient.load_component(client.dump_component())
    assert again.dump_component().config == config
