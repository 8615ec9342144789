"""Haystack under the contract: our chat generator and the stock one."""

import base64
from contextlib import suppress
from typing import Any, ClassVar

from haystack.dataclasses import ChatMessage, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret

from tests.helpers.contract.driver import Answer, ClientOptions, Driver, Request, metadata_notes


class Haystack(Driver):
    name = "haystack"
    has_sync = True
    distribution = "haystack-ai"
    unsupported: ClassVar = {
        "a structured answer inside a Markdown fence": "replies are text, parsed elsewhere"
    }

    def connect(self, to: ClientOptions) -> Any:
        from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

        limits = {"deadline": to.deadline} if to.deadline else {}
        told = self.told(to)
        return LLMaaSChatGenerator(**told, timeout=to.timeout, generation_kwargs=limits)

    def told(self, to: ClientOptions) -> dict[str, Any]:
        return {
            "model": to.model,
            "api_base_url": to.base_url,
            "api_key": Secret.from_token(to.api_key),
            "max_retries": to.retries,
        }

    async def ask(self, client: Any, request: Request) -> Answer:
        callback = ignored if request.stream else None
        result = await client.run_async(**request_of(request), streaming_callback=callback)
        return answer_of(result["replies"][0], request)

    def ask_sync(self, client: Any, request: Request) -> Answer:
        callback = ignore if request.stream else None
        result = client.run(**request_of(request), streaming_callback=callback)
        return answer_of(result["replies"][0], request)

    def cancel_sync(self, client: Any, request: Request) -> None:
        with suppress(LeaveError):
            client.run(**request_of(request), streaming_callback=leave)


class HaystackStock(Haystack):
    name = "stock haystack"
    ours = False

    def connect(self, to: ClientOptions) -> Any:
        from haystack.components.generators.chat import OpenAIChatGenerator

        return OpenAIChatGenerator(**self.told(to))


class LeaveError(Exception):
    """What a callback raises to leave a stream."""


def leave(_: Any) -> None:
    raise LeaveError


def ignore(_: Any) -> None:
    """Ask for a stream; the reply holds what it brought."""


async def ignored(_: Any) -> None:
    """The same, awaited."""


def request_of(request: Request) -> dict[str, Any]:
    message = ChatMessage.from_user(request.text)
    if request.image:
        image = ImageContent(base64.b64encode(request.image).decode(), "image/png")
        message = ChatMessage.from_user(content_parts=[request.text, image])
    options = dict(request.options)
    if request.schema:
        options["response_format"] = request.schema
    tools = [tool_of(tool["function"]) for tool in request.tools]
    return {"messages": [message], "generation_kwargs": options or None, "tools": tools or None}


def tool_of(function: Any) -> Tool:
    return Tool(function["name"], function["description"], function["parameters"], function=print)


def answer_of(reply: ChatMessage, request: Request) -> Answer:
    meta, text = reply.meta, reply.text or ""
    return Answer(
        text=text,
        reasoning=reply.reasoning.reasoning_text if reply.reasoning else None,
        calls=[(call.tool_name, call.arguments) for call in reply.tool_calls],
        tokens=(meta.get("usage") or {}).get("total_tokens"),
        machine=(meta.get("backend") or {}).get("machine_name"),
        cost=meta.get("cost_eur"),
        notes=metadata_notes(meta),
        value=request.schema.model_validate_json(text) if request.schema else None,
    )


DRIVERS = [Haystack, HaystackStock]
