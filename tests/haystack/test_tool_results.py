"""Tool results with images and files in an agent's turn, beside Haystack's OpenAI generator."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, FileContent, ImageContent, TextContent
from haystack.tools import Tool
from haystack.utils import Secret

from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

PNG = (  # one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
IMAGE = ImageContent(PNG, mime_type="image/png")
NOTE = FileContent(base64.b64encode(b"42 chats").decode(), "text/plain", "note.txt")
SEES, BLIND = "gemma4:31b", "gpt-oss:120b"


def look(result: Any) -> Tool:
    return Tool(
        name="look",
        description="Look at the screen.",
        parameters={"type": "object", "properties": {}},
        function=lambda: result,
        outputs_to_string={"raw_result": True},
    )


@pytest.fixture
def ask_agent(sandbox: Any, run: Any) -> Any:
    """Run an agent that looks once, and return the second request's messages and the reply."""

    def ask(result: Any, model: str = SEES) -> tuple[Any, ChatMessage]:
        sandbox.script([{"tool_calls": [{"name": "look", "arguments": {}}]}, {"content": "Vu."}])
        generator = LLMaaSChatGenerator(model=model, max_retries=0)
        agent = Agent(chat_generator=generator, tools=[look(result)])
        reply = run(agent, messages=[ChatMessage.from_user("Regarde.")])["last_message"]
        return sandbox.requests[-1].json["messages"], reply

    return ask


@pytest.mark.parametrize("result", [[TextContent("L'écran"), IMAGE], [IMAGE], (IMAGE,), IMAGE])
def test_image_of_a_tool_follows_in_a_user_message(ask_agent: Any, result: Any) -> None:
    messages, reply = ask_agent(result)
    assert messages[-2]["role"] == "tool"
    assert messages[-1]["role"] == "user"
    (image,) = [part for part in messages[-1]["content"] if part["type"] == "image_url"]
    assert image["image_url"]["url"] == f"data:image/png;base64,{PNG}"
    assert "tool_media" in {change["kind"] for change in reply.meta["adjustments"]}


def test_image_of_a_tool_is_named_when_the_model_has_no_vision(ask_agent: Any) -> None:
    messages, reply = ask_agent([TextContent("L'écran"), IMAGE], BLIND)
    assert messages[-1]["role"] == "tool"
    assert messages[-1]["content"] == "L'écran\n[image/png]"
    assert "tool_media_named" in {change["kind"] for change in reply.meta["adjustments"]}


def test_text_file_of_a_tool_becomes_text(ask_agent: Any) -> None:
    messages, _ = ask_agent([NOTE])
    assert messages[-1]["role"] == "tool"
    assert "42 chats" in json.dumps(messages[-1]["content"])


@pytest.mark.parametrize("result", [{"ville": "Nîmes"}, 42, None, [1, 2], []])
def test_other_raw_result_of_a_tool_becomes_json(ask_agent: Any, result: Any) -> None:
    messages, _ = ask_agent(result)
    assert json.loads(messages[-1]["content"]) == result


def test_stock_generator_refuses_the_image(sandbox: Any) -> None:
    sandbox.script([{"tool_calls": [{"name": "look", "arguments": {}}]}])
    key = Secret.from_token(sandbox.api_key)
    stock = OpenAIChatGenerator(key, SEES, api_base_url=sandbox.base_url, max_retries=0)
    with pytest.raises(ValueError, match="Unsupported tool result"):
        Agent(chat_generator=stock, tools=[look([IMAGE])]).run([ChatMessage.from_user("?")])
