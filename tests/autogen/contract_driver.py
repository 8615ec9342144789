"""AutoGen under the contract: our model client and the stock one."""

import base64
from typing import Any, ClassVar

from autogen_core import Image
from autogen_core.models import UserMessage

from tests.helpers.contract.driver import (
    Answer,
    ClientOptions,
    Driver,
    Request,
    metadata_notes,
    parse_calls,
)


class AutoGen(Driver):
    name = "autogen"
    distribution = "autogen-core"

    known: ClassVar = {"fallbacks", "fresh", "max_tokens", "reasoning", "retry_empty"}

    def connect(self, to: ClientOptions) -> Any:
        from autogen_llmaas import LLMaaSChatCompletionClient

        return LLMaaSChatCompletionClient(
            to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
            rate_limit_timeout=0,  # agents wait for their turn by default
        )

    async def ask(self, client: Any, request: Request) -> Answer:
        content: Any = request.text
        if request.image:
            uri = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
            content = [request.text, Image.from_uri(uri)]
        how: dict[str, Any] = {"extra_create_args": self.parameters(request)}
        if request.tools:
            how["tools"] = [dict(tool["function"]) for tool in request.tools]
        if request.schema:
            how["json_output"] = request.schema
        messages = [UserMessage(content=content, source="user")]
        if request.stream:
            result: Any = None
            async for event in client.create_stream(messages, **how):
                result = event
        else:
            result = await client.create(messages, **how)
        return answer_of(result, request)

    def parameters(self, request: Request) -> dict[str, Any]:
        """What AutoGen does not know goes in ``extra_body``, as it asks for."""
        known = {k: v for k, v in request.options.items() if k in self.known}
        unknown = {k: v for k, v in request.options.items() if k not in known}
        return known | ({"extra_body": unknown} if unknown else {})


class AutoGenStock(AutoGen):
    name = "stock autogen"
    ours = False
    distribution = "autogen-ext"
    known: ClassVar = {"max_tokens"}

    def connect(self, to: ClientOptions) -> Any:
        from autogen_ext.models.openai import OpenAIChatCompletionClient

        able = ("vision", "function_calling", "json_output", "structured_output")
        info: Any = {**dict.fromkeys(able, True), "family": "unknown"}
        return OpenAIChatCompletionClient(
            model=to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            model_info=info,
            include_name_in_message=False,
        )


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A real picture: AutoGen's ``Image`` decodes it."""


def answer_of(result: Any, request: Request) -> Answer:
    is_text = isinstance(result.content, str)
    calls = [] if is_text else parse_calls((call.name, call.arguments) for call in result.content)
    text = result.content if is_text else (result.thought or "")
    return Answer(
        text=text,
        reasoning=result.thought,
        calls=calls,
        tokens=result.usage.prompt_tokens + result.usage.completion_tokens,
        machine=getattr(result, "machine", None),
        cost=getattr(result, "cost_eur", None),
        notes=metadata_notes(vars(result)),
        value=request.schema.model_validate_json(text) if request.schema else None,
    )


DRIVERS = [AutoGen, AutoGenStock]
