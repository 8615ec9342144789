"""AutoGen under the contract: our model client and the stock one."""

import base64
import json
from typing import Any, ClassVar

from autogen_core import Image
from autogen_core.models import UserMessage

from contract import Answer, Driver, Question


class AutoGen(Driver):
    name = "autogen"
    distribution = "autogen-core"
    lacks: ClassVar = {"the machine that answered": "`CreateResult` is closed"}

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from autogen_llmaas import LLMaaSChatCompletionClient

        return LLMaaSChatCompletionClient(
            model,
            base_url=base_url,
            api_key=api_key,
            max_retries=retries,
            rate_limit_patience=0,  # agents wait for their turn by default
        )

    async def ask(self, client: Any, question: Question) -> Answer:
        content: Any = question.text
        if question.image:
            uri = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
            content = [question.text, Image.from_uri(uri)]
        how: dict[str, Any] = {"extra_create_args": self.parameters(question)}
        if question.tools:
            how["tools"] = [dict(tool["function"]) for tool in question.tools]
        if question.schema:
            how["json_output"] = question.schema
        messages = [UserMessage(content=content, source="user")]
        if question.stream:
            result: Any = None
            async for event in client.create_stream(messages, **how):
                result = event
        else:
            result = await client.create(messages, **how)
        return answer_of(client, result, question)

    def parameters(self, question: Question) -> dict[str, Any]:
        """What AutoGen does not know goes in ``extra_body``, as it asks for."""
        known = {k: v for k, v in question.options.items() if k == "max_tokens"}
        unknown = {k: v for k, v in question.options.items() if k not in known}
        return known | ({"extra_body": unknown} if unknown else {})


class AutoGenStock(AutoGen):
    name = "stock autogen"
    ours = False
    distribution = "autogen-ext"

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from autogen_ext.models.openai import OpenAIChatCompletionClient

        able = ("vision", "function_calling", "json_output", "structured_output")
        info: Any = {**dict.fromkeys(able, True), "family": "unknown"}
        return OpenAIChatCompletionClient(
            model=model,
            base_url=base_url,
            api_key=api_key,
            max_retries=retries,
            model_info=info,
            include_name_in_message=False,
        )


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A real picture: AutoGen's ``Image`` decodes it."""


def answer_of(client: Any, result: Any, question: Question) -> Answer:
    is_text = isinstance(result.content, str)
    calls = [] if is_text else [(call.name, json.loads(call.arguments)) for call in result.content]
    text = result.content if is_text else (result.thought or "")
    return Answer(
        text=text,
        reasoning=result.thought,
        calls=calls,
        tokens=result.usage.prompt_tokens + result.usage.completion_tokens,
        cost=getattr(client, "cost_eur", None),
        value=question.schema.model_validate_json(text) if question.schema else None,
    )


DRIVERS = [AutoGen, AutoGenStock]
