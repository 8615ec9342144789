"""Sixteen things that a chat connector of Semantic Kernel does: eight cases, whole and streamed.

    python tests/semantic-kernel/connector_cases.py

runs ours and the framework's own classes for services like this one against a fresh sandbox, with a
model that reasons and one that does not, and writes the table of the room's page.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import sys
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI
from pydantic import BaseModel

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from semantic_kernel import Kernel
    from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
    from semantic_kernel.connectors.ai.nvidia import NvidiaChatCompletion
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
    from semantic_kernel.contents import (
        ChatHistory,
        ChatMessageContent,
        FunctionCallContent,
        FunctionResultContent,
        ImageContent,
        TextContent,
    )
    from semantic_kernel.functions import kernel_function

from semantic_kernel_llmaas import LLMaaSChatCompletion

MODELS = {"plain": "mistral-small4:119b", "reasoning": "gemma4:31b"}
PAGE = Path(__file__).parents[2] / "packages" / "semantic-kernel" / "README.md"
BEGIN, END = (
    "<!-- cases: written by tests/semantic-kernel/connector_cases.py -->",
    "<!-- /cases -->",
)
SECONDS = 20
"""How long one case may take: who hangs has failed."""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class City(BaseModel):
    name: str


class Person(BaseModel):
    name: str
    town: str


class Office:
    """A plugin that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    @kernel_function(name="add", description="Add two numbers")
    def add(self, a: int, b: int) -> int:
        self.asked.append((a, b))
        return a + b

    @kernel_function(name="find_person", description="Find the person with an id")
    def find_person(self, person_id: str) -> Person:
        self.asked.append(person_id)
        return Person(name="Ada", town="Nîmes")


@dataclass
class Harness:
    """One service before one sandbox, asked whole or streamed."""

    service: Any
    box: Any
    streamed: bool
    history: ChatHistory = field(default_factory=ChatHistory)
    office: Office = field(default_factory=Office)

    async def ask(self, *items: Any, **settings: Any) -> ChatMessageContent:
        """Add a turn of the user, and the answer that comes."""
        parts = [TextContent(text=item) if isinstance(item, str) else item for item in items]
        if parts:
            self.history.add_message(ChatMessageContent(role="user", items=parts))
        kernel = Kernel()
        kernel.add_plugin(self.office, "office")
        execution_settings = self.service.instantiate_prompt_execution_settings(**settings)
        answer = await self._answer(execution_settings, kernel)
        self.history.add_message(answer)
        return answer

    async def _answer(self, settings: Any, kernel: Kernel) -> ChatMessageContent:
        if not self.streamed:
            found = await self.service.get_chat_message_content(
                self.history, settings, kernel=kernel
            )
            assert found is not None
            return found
        stream = self.service.get_streaming_chat_message_contents(
            self.history, settings, kernel=kernel
        )
        pieces = [piece async for found in stream for piece in found]
        said = [piece for piece in pieces if piece.role == "assistant"]
        last = max(piece.function_invoke_attempt for piece in said)
        return reduce(add, (p for p in said if p.function_invoke_attempt == last))


def text_of(answer: ChatMessageContent) -> str:
    """Return the text of an answer that is one piece of text and nothing else."""
    (item,) = answer.items
    assert isinstance(item, TextContent)
    assert item.text
    return item.text


async def two_turns(harness: Harness) -> None:
    assert text_of(await harness.ask('Say "Bonjour"')) == "Bonjour"
    assert text_of(await harness.ask('Say "Au revoir"')) == "Au revoir"


async def a_schema(harness: Harness) -> None:
    answer = await harness.ask('The city is "Nantes".', response_format=City)
    assert City.model_validate_json(text_of(answer)) == City(name="Nantes")


async def a_function_called(harness: Harness) -> None:
    how = FunctionChoiceBehavior.Auto()
    answer = await harness.ask("What is 345 + 3?", function_choice_behavior=how)
    assert harness.office.asked == [(345, 3)]
    assert "348" in text_of(answer)


async def a_function_handed_out(harness: Harness) -> None:
    how = FunctionChoiceBehavior.Auto(auto_invoke=False)
    answer = await harness.ask("What is 345 + 3?", function_choice_behavior=how)
    (call,) = (item for item in answer.items if isinstance(item, FunctionCallContent))
    assert (call.plugin_name, call.function_name) == ("office", "add")
    assert call.parse_arguments() == {"a": 345, "b": 3}
    assert not harness.office.asked


async def a_call_in_the_history(harness: Harness) -> None:
    call = FunctionCallContent(
        id="abc123456", name="office-find_person", arguments='{"person_id": "7"}'
    )
    result = FunctionResultContent(id="abc123456", name="office-find_person", result="Ada of Nîmes")
    harness.history.add_user_message("Who is number 7?")
    harness.history.add_message(ChatMessageContent(role="assistant", items=[call]))
    harness.history.add_message(ChatMessageContent(role="tool", items=[result]))
    assert "Ada of Nîmes" in text_of(await harness.ask())


async def an_object_returned(harness: Harness) -> None:
    how = FunctionChoiceBehavior.Auto()
    answer = await harness.ask('Find the person with id "9b3f"', function_choice_behavior=how)
    assert harness.office.asked == ["9b3f"]
    assert "Ada" in text_of(answer)


async def an_image_by_address(harness: Harness) -> None:
    url = "https://pictures.example/cat.png"
    await _two_turns_about(harness, ImageContent(uri=url), url)


async def an_image_from_a_file(harness: Harness) -> None:
    data = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
    await _two_turns_about(harness, ImageContent(data_uri=data), data)


async def _two_turns_about(harness: Harness, image: ImageContent, url: str) -> None:
    assert text_of(await harness.ask("What is in this picture?", image))
    assert text_of(await harness.ask("Where was it taken?"))
    first = harness.box.requests[-1].json["messages"][0]
    assert [part["type"] for part in first["content"]] == ["text", "image_url"]
    assert first["content"][1]["image_url"]["url"] == url


Case = Callable[[Harness], Awaitable[None]]
CASES: dict[str, Case] = {
    "two turns of text": two_turns,
    "an answer that fits a schema": a_schema,
    "a function, called by the kernel": a_function_called,
    "a function, handed out to be called": a_function_handed_out,
    "a call and its result in the history": a_call_in_the_history,
    "a function that returns an object": an_object_returned,
    "an image by its address": an_image_by_address,
    "an image from a file": an_image_from_a_file,
}


Connect = Callable[[Any, str, AsyncOpenAI], Any]


def ours(box: Any, model: str, sdk: AsyncOpenAI) -> Any:
    return LLMaaSChatCompletion(model, base_url=box.base_url, api_key=box.api_key, max_retries=0)


def stock(box: Any, model: str, sdk: AsyncOpenAI) -> Any:
    return OpenAIChatCompletion(model, async_client=sdk)


def nvidia(box: Any, model: str, sdk: AsyncOpenAI) -> Any:
    return NvidiaChatCompletion(model, client=sdk, api_key=box.api_key, base_url=box.base_url)


CLASSES: dict[str, Connect] = {
    "`LLMaaSChatCompletion`": ours,
    "`OpenAIChatCompletion`": stock,
    "`NvidiaChatCompletion`": nvidia,
}


@dataclass(frozen=True)
class Hall:
    """Where everything is run: one sandbox, and one client of the SDK for those who need it."""

    box: Any
    sdk: AsyncOpenAI

    async def keeps(self, connect: Connect, case: Case, model: str, *, streamed: bool) -> bool:
        """Run one case; any failure, of whatever kind, is a no."""
        self.box.reset()
        try:
            harness = Harness(connect(self.box, model, self.sdk), self.box, streamed)
            await asyncio.wait_for(case(harness), SECONDS)
        except Exception:
            return False
        return True

    async def cell(self, connect: Connect, case: Case, *, streamed: bool) -> str:
        """Return yes, no, or with which kind of model only."""
        kept = [
            kind
            for kind, model in MODELS.items()
            if await self.keeps(connect, case, model, streamed=streamed)
        ]
        return {0: "no", len(MODELS): "yes"}.get(len(kept), f"{' '.join(kept)} model only")


async def table(box: Any) -> str:
    """Run everything and return the table."""
    lines = [["", *CLASSES], ["---"] * (len(CLASSES) + 1)]
    async with AsyncOpenAI(base_url=box.base_url, api_key=box.api_key, max_retries=0) as sdk:
        hall = Hall(box, sdk)
        for title, case in CASES.items():
            for streamed, how in ((False, "whole"), (True, "streamed")):
                cells = [await hall.cell(c, case, streamed=streamed) for c in CLASSES.values()]
                lines.append([f"{title}, {how}", *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write the table into the room's page, with date and versions."""
    from llmaas_sandbox import Sandbox

    warnings.simplefilter("ignore")
    logging.disable()  # those that fail leave in mid-stream, which asyncio tells at length
    with Sandbox() as box:
        rows = asyncio.run(table(box))
    names = ("semantic-kernel", "openai")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    before, found, rest = PAGE.read_text().partition(BEGIN)
    assert found, f"{PAGE} has no line {BEGIN!r}"
    head = f"{datetime.now(UTC):%Y-%m-%d}, {versions}:"
    PAGE.write_text(f"{before}{BEGIN}\n\n{head}\n\n{rows}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    sys.exit(main())
