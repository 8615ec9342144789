"""Haystack under the contract: our chat generator and the stock one."""

import base64
from typing import Any, ClassVar

from haystack.dataclasses import ChatMessage, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret

from contract import Answer, Driver, Question


class Haystack(Driver):
    name = "haystack"
    distribution = "haystack-ai"
    lacks: ClassVar = {
        "a structured answer inside a Markdown fence": "replies are text, parsed elsewhere"
    }

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

        return LLMaaSChatGenerator(**self.told(base_url, api_key, model, retries))

    def told(self, base_url: str, api_key: str, model: str, retries: int) -> dict[str, Any]:
        key = Secret.from_token(api_key)
        return {"model": model, "api_base_url": base_url, "api_key": key, "max_retries": retries}

    async def ask(self, client: Any, question: Question) -> Answer:
        message = ChatMessage.from_user(question.text)
        if question.image:
            image = ImageContent(base64.b64encode(question.image).decode(), "image/png")
            message = ChatMessage.from_user(content_parts=[question.text, image])
        options = dict(question.options)
        if question.schema:
            options["response_format"] = question.schema
        result = await client.run_async(
            [message],
            generation_kwargs=options or None,
            tools=[tool_of(tool["function"]) for tool in question.tools] or None,
            streaming_callback=ignore if question.stream else None,
        )
        return answer_of(result["replies"][0], question)


class HaystackStock(Haystack):
    name = "stock haystack"
    ours = False

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from haystack.components.generators.chat import OpenAIChatGenerator

        return OpenAIChatGenerator(**self.told(base_url, api_key, model, retries))


async def ignore(_: Any) -> None:
    """Ask for a stream; the reply holds what it brought."""


def tool_of(function: Any) -> Tool:
    return Tool(function["name"], function["description"], function["parameters"], function=print)


def answer_of(reply: ChatMessage, question: Question) -> Answer:
    meta, text = reply.meta, reply.text or ""
    return Answer(
        text=text,
        reasoning=reply.reasoning.reasoning_text if reply.reasoning else None,
        calls=[(call.tool_name, call.arguments) for call in reply.tool_calls],
        tokens=(meta.get("usage") or {}).get("total_tokens"),
        machine=(meta.get("backend") or {}).get("machine_name"),
        cost=meta.get("cost_eur"),
        value=question.schema.model_validate_json(text) if question.schema else None,
    )


DRIVERS = [Haystack, HaystackStock]
