"""LangChain under the contract: our chat model and the stock one."""

import base64
from typing import Any

from langchain_core.messages import HumanMessage

from contract import Answer, Driver, Question


class LangChain(Driver):
    name = "langchain"
    distribution = "langchain-core"

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from langchain_llmaas import ChatLLMaaS

        return ChatLLMaaS(model=model, base_url=base_url, api_key=api_key, max_retries=retries)

    async def ask(self, client: Any, question: Question) -> Answer:
        messages = [HumanMessage(content_of(question))]
        if question.schema:
            return Answer(
                value=await client.with_structured_output(
                    question.schema, method="json_schema"
                ).ainvoke(messages)
            )
        model = client.bind(**self.parameters(question))
        if question.tools:
            model = model.bind(tools=list(question.tools))
        if not question.stream:
            return answer_of(await model.ainvoke(messages))
        whole = None
        async for chunk in model.astream(messages):
            whole = chunk if whole is None else whole + chunk
        return answer_of(whole)

    def parameters(self, question: Question) -> dict[str, Any]:
        return dict(question.options)


class LangChainStock(LangChain):
    name = "stock langchain"
    ours = False
    distribution = "langchain-openai"

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(model=model, base_url=base_url, api_key=api_key, max_retries=retries)


def content_of(question: Question) -> Any:
    if question.image is None:
        return question.text
    data = base64.b64encode(question.image).decode()
    return [
        {"type": "text", "text": question.text},
        {"type": "image", "base64": data, "mime_type": "image/png"},
    ]


def answer_of(message: Any) -> Answer:
    facts = message.response_metadata
    thoughts = [b["reasoning"] for b in message.content_blocks if b["type"] == "reasoning"]
    return Answer(
        text=str(message.text),
        reasoning="".join(thoughts) if thoughts else None,
        calls=[(call["name"], call["args"]) for call in message.tool_calls],
        tokens=(message.usage_metadata or {}).get("total_tokens"),
        machine=(facts.get("backend") or {}).get("machine_name"),
        cost=facts.get("cost_eur"),
    )


DRIVERS = [LangChain, LangChainStock]
