"""The core under the contract: our clients, and beside them the plain SDK's."""

import json
from typing import Any, ClassVar

from openai import AsyncOpenAI, OpenAI

from llmaas import AsyncLLMaaS, LLMaaS
from tests.helpers.contract.driver import Answer, ClientOptions, Driver, Request, metadata_notes


class Core(Driver):
    name = "core"
    has_sync = True
    distribution = "llmaas"

    def connect(self, to: ClientOptions) -> Any:
        return Bound(AsyncLLMaaS(**options_of(to)), to.model)

    def connect_sync(self, to: ClientOptions) -> Any:
        return Bound(LLMaaS(**options_of(to)), to.model)

    async def ask(self, client: Any, request: Request) -> Answer:
        told = client.request(request)
        if not request.stream:
            return answer_of(await client.core.chat(**told))
        async with await client.core.stream(**told) as stream:
            return answer_of(await stream.until_done())

    def ask_sync(self, client: Any, request: Request) -> Answer:
        told = client.request(request)
        if not request.stream:
            return answer_of(client.core.chat(**told))
        with client.core.stream(**told) as stream:
            return answer_of(stream.until_done())

    def cancel_sync(self, client: Any, request: Request) -> None:
        with client.core.stream(**client.request(request)) as stream:
            next(stream)


class Bound:
    """A client and a model, as one object."""

    def __init__(self, core: Any, model: str) -> None:
        self.core, self.model = core, model

    def request(self, request: Request) -> dict[str, Any]:
        told = {"messages": messages_of(request), "model": self.model, **request.options}
        if request.tools:
            told["tools"] = list(request.tools)
        if request.schema:
            told["response_format"] = request.schema
        return told

    def __repr__(self) -> str:
        return f"Bound({self.core!r}, {self.model!r})"


def options_of(to: ClientOptions) -> dict[str, Any]:
    return {
        "base_url": to.base_url,
        "api_key": to.api_key,
        "max_retries": to.retries,
        "timeout": to.timeout,
        "deadline": to.deadline,
    }


def messages_of(request: Request) -> Any:
    if request.image is None:
        return request.text
    parts = [{"type": "text", "text": request.text}, {"type": "image", "image": request.image}]
    return [{"role": "user", "content": parts}]


def answer_of(completion: Any) -> Answer:
    return Answer(
        text=completion.text,
        reasoning=completion.reasoning,
        calls=[(call.name, call.parsed()) for call in completion.tool_calls],
        tokens=completion.usage and completion.usage.total_tokens,
        machine=completion.backend and completion.backend.machine_name,
        cost=completion.cost,
        value=completion.parsed,
        notes=metadata_notes(completion.metadata()),
    )


class Sdk(Driver):
    """What a careful user of the SDK writes: streams are put together by its own helper."""

    name = "openai SDK"
    ours = False
    has_sync = True
    distribution = "openai"
    unsupported: ClassVar = {}

    def connect(self, to: ClientOptions) -> Any:
        return Bound(AsyncOpenAI(**sdk_options_of(to)), to.model)

    def connect_sync(self, to: ClientOptions) -> Any:
        return Bound(OpenAI(**sdk_options_of(to)), to.model)

    async def ask(self, client: Any, request: Request) -> Answer:
        chat, told = client.core.chat.completions, sdk_request(client, request)
        if request.stream:
            async with chat.stream(**told, stream_options={"include_usage": True}) as stream:
                return sdk_answer_of(await stream.get_final_completion())
        ask = chat.parse if request.schema else chat.create
        return sdk_answer_of(await ask(**told))

    def ask_sync(self, client: Any, request: Request) -> Answer:
        chat, told = client.core.chat.completions, sdk_request(client, request)
        if request.stream:
            with chat.stream(**told, stream_options={"include_usage": True}) as stream:
                return sdk_answer_of(stream.get_final_completion())
        ask = chat.parse if request.schema else chat.create
        return sdk_answer_of(ask(**told))

    def cancel_sync(self, client: Any, request: Request) -> None:
        with client.core.chat.completions.stream(**sdk_request(client, request)) as stream:
            next(iter(stream))


def sdk_options_of(to: ClientOptions) -> dict[str, Any]:
    return {"base_url": to.base_url, "api_key": to.api_key, "max_retries": to.retries}


def sdk_request(client: Bound, request: Request) -> dict[str, Any]:
    told = client.request(request)
    content = messages_of(request)
    if isinstance(content, list):  # the SDK takes images as data URIs only
        content[0]["content"][1] = {"type": "image_url", "image_url": {"url": data_uri(request)}}
    else:
        content = [{"role": "user", "content": content}]
    known = {name: told.pop(name) for name in list(told) if name not in ("top_k", "messages")}
    return {**known, "messages": content, "extra_body": {k: told[k] for k in told if k == "top_k"}}


def data_uri(request: Request) -> str:
    import base64

    assert request.image is not None
    return "data:image/png;base64," + base64.b64encode(request.image).decode()


def sdk_answer_of(completion: Any) -> Answer:
    message = completion.choices[0].message
    extra = message.model_extra or {}
    return Answer(
        text=message.content or "",
        reasoning=extra.get("reasoning_content"),
        calls=[
            (call.function.name, json.loads(call.function.arguments))
            for call in message.tool_calls or ()
        ],
        tokens=completion.usage and completion.usage.total_tokens,
        machine=((completion.model_extra or {}).get("backend") or {}).get("machine_name"),
        value=getattr(message, "parsed", None),
    )


DRIVERS = [Core, Sdk]
