"""Options of the core through Semantic Kernel: fallbacks, empty answers, reasoning."""

from __future__ import annotations

from typing import Any

import pytest
from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    ImageContent,
    TextContent,
)

from semantic_kernel_llmaas import LLMaaSChatCompletion
from semantic_kernel_llmaas.settings import LLMaaSChatPromptExecutionSettings
from tests.helpers.servers.fake_engine import engine, usage

ANSWERS: dict[str, Any] = {
    "gone": (404, {"error": {"message": "model not found"}}),
    "thought": {"content": None, "reasoning": "Hm.", "usage": usage(10, 90)},
    "good": {"content": "ok"},
}


async def test_fallbacks_answer_and_their_usage_adds_up(ask: Any) -> None:
    with engine(lambda body: ANSWERS[body["model"]]) as served:
        chat = LLMaaSChatCompletion("gone", api_key="sk-a", base_url=served.base_url,
                                    fallbacks=["thought", "good"])  # fmt: skip
        answer = await ask(chat, "Hi")
        settings = LLMaaSChatPromptExecutionSettings(fallbacks=["good"])
        history = ChatHistory()
        history.add_user_message("Hi")
        again = await chat.get_chat_message_content(history, settings)
    assert answer.content == "ok"
    assert answer.metadata["usage"].completion_tokens == 95
    assert again is not None
    assert again.content == "ok"
    models = [body["model"] for body in served.bodies]
    assert models == ["gone", "thought", "good", "gone", "good"]


def test_dump_includes_fallbacks() -> None:
    chat = LLMaaSChatCompletion("m", api_key="sk-a", fallbacks=["good"], retry_empty=True)
    again = LLMaaSChatCompletion.from_dict({**chat.to_dict(), "api_key": "sk-a"})
    assert (again.client.settings.fallbacks, again.client.settings.retry_empty) == (("good",), True)


async def test_reasoning_and_retry_empty_reach_the_core() -> None:
    answers = iter([{"content": ""}, {"content": "ok"}])
    with engine(lambda _: next(answers)) as served:
        chat = LLMaaSChatCompletion("gpt-oss:120b", api_key="sk-a", base_url=served.base_url)
        settings = LLMaaSChatPromptExecutionSettings(reasoning="high", retry_empty=True)
        history = ChatHistory()
        history.add_user_message("Hi")
        chunks = [c async for c in chat.get_streaming_chat_message_content(history, settings)]
    assert "".join(str(chunk) for chunk in chunks) == "ok"
    assert [body["reasoning_effort"] for body in served.bodies] == ["high", "low"]


TINY = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # noqa: E501


def history(*systems: str, image: bool = False) -> ChatHistory:
    made = ChatHistory()
    for system in systems:
        made.add_system_message(system)
    items = [ImageContent(data_uri=f"data:image/png;base64,{TINY}")] if image else []
    made.add_message(ChatMessageContent(AuthorRole.USER, items=[*items, TextContent(text="Hi")]))
    return made


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("where", ["constructor", "settings"])
async def test_conform_fresh_and_strict_reach_the_core(where: str, streamed: bool) -> None:
    async def ask(chat_history: ChatHistory, **options: Any) -> None:
        own = {k: v for k, v in options.items() if where == "constructor" and k != "fresh"}
        chat = LLMaaSChatCompletion("gpt-oss:120b", api_key="sk-a", base_url=served.base_url, **own)
        call_options = {k: v for k, v in options.items() if k not in own}
        settings = LLMaaSChatPromptExecutionSettings(**call_options)
        if streamed:
            chunks = chat.get_streaming_chat_message_content(chat_history, settings)
            _ = [chunk async for chunk in chunks]
        else:
            await chat.get_chat_message_content(chat_history, settings)

    with engine(lambda _: {"content": "ok"}) as served:
        await ask(history("One.", "Two."), conform=False)
        await ask(history(), fresh=True)
        await ask(history(), fresh=True)
        with pytest.raises(Exception, match="image"):
            await ask(history(image=True), strict=True)
    raw, first, second = served.bodies
    assert [message["role"] for message in raw["messages"]] == ["system", "system", "user"]
    assert first["messages"] != second["messages"]
    assert not {"fresh", "strict", "conform"} & {*raw, *first}


def test_dump_includes_strict_and_max_file_bytes() -> None:
    chat = LLMaaSChatCompletion("m", api_key="sk-a", strict=True, max_file_bytes=50, conform=False)
    again = LLMaaSChatCompletion.from_dict({**chat.to_dict(), "api_key": "sk-a"})
    settings = again.client.settings
    assert (settings.strict, settings.max_file_bytes, settings.conform) == (True, 50, False)
