"""LangChain under the contract: our chat model and the stock one."""

import base64
from contextlib import closing
from functools import reduce
from operator import add
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage

from tests.helpers.contract.driver import Answer, ClientOptions, Driver, Request, metadata_notes


class LangChain(Driver):
    name = "langchain"
    has_sync = True
    distribution = "langchain-core"

    def connect(self, to: ClientOptions) -> Any:
        from langchain_llmaas import ChatLLMaaS

        return ChatLLMaaS(
            model=to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
        )

    async def ask(self, client: Any, request: Request) -> Answer:
        model, messages = self.asked(client, request), [HumanMessage(content_of(request))]
        if not request.stream:
            return answer_of(await model.ainvoke(messages))
        return answer_of(together([chunk async for chunk in model.astream(messages)]))

    def ask_sync(self, client: Any, request: Request) -> Answer:
        model, messages = self.asked(client, request), [HumanMessage(content_of(request))]
        if not request.stream:
            return answer_of(model.invoke(messages))
        return answer_of(together(list(model.stream(messages))))

    def cancel_sync(self, client: Any, request: Request) -> None:
        with closing(client.stream(request.text)) as chunks:
            next(chunks)

    def asked(self, client: Any, request: Request) -> Any:
        if request.schema:
            return client.with_structured_output(request.schema, method="json_schema")
        model = client.bind(**request.options)
        return model.bind(tools=list(request.tools)) if request.tools else model


class LangChainStock(LangChain):
    name = "stock langchain"
    ours = False
    distribution = "langchain-openai"

    def connect(self, to: ClientOptions) -> Any:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(
            model=to.model, base_url=to.base_url, api_key=to.api_key, max_retries=to.retries
        )


def content_of(request: Request) -> Any:
    if request.image is None:
        return request.text
    data = base64.b64encode(request.image).decode()
    return [
        {"type": "text", "text": request.text},
        {"type": "image", "base64": data, "mime_type": "image/png"},
    ]


def together(chunks: list[Any]) -> Any:
    """Add up what a stream brought; of a structured answer the last state is the whole one."""
    return reduce(add, chunks) if isinstance(chunks[0], BaseMessage) else chunks[-1]


def answer_of(message: Any) -> Answer:
    if not isinstance(message, BaseMessage):
        return Answer(value=message)
    facts = message.response_metadata
    thoughts = [b["reasoning"] for b in message.content_blocks if b["type"] == "reasoning"]
    return Answer(
        text=str(message.text),
        reasoning="".join(thoughts) if thoughts else None,
        calls=[(call["name"], call["args"]) for call in message.tool_calls],
        tokens=(message.usage_metadata or {}).get("total_tokens"),
        machine=(facts.get("backend") or {}).get("machine_name"),
        cost=facts.get("cost_micro_eur"),
        notes=metadata_notes(facts),
    )


DRIVERS = [LangChain, LangChainStock]
