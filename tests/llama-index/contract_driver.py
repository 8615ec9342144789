"""LlamaIndex under the contract. Its stock OpenAI class excludes openai 3, so ours runs alone."""

from contextlib import closing
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock, ThinkingBlock

from tests.helpers.contract.driver import Address, Answer, Driver, Question, noted


class LlamaIndex(Driver):
    name = "llama-index"
    has_sync = True
    distribution = "llama-index-core"

    def connect(self, to: Address) -> Any:
        from llama_index.llms.llmaas import LLMaaS

        return LLMaaS(
            model=to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
        )

    async def ask(self, client: Any, question: Question) -> Answer:
        model, messages, options = asked(client, question)
        if not question.stream:
            return answer_of(await model.achat(messages, **options), client)
        responses = await model.astream_chat(messages, **options)
        return answer_of([response async for response in responses][-1], client)

    def ask_sync(self, client: Any, question: Question) -> Answer:
        model, messages, options = asked(client, question)
        if not question.stream:
            return answer_of(model.chat(messages, **options), client)
        return answer_of([*model.stream_chat(messages, **options)][-1], client)

    def leave_sync(self, client: Any, question: Question) -> None:
        with closing(client.stream_chat([ChatMessage(question.text)])) as responses:
            next(responses)


def asked(client: Any, question: Question) -> tuple[Any, list[ChatMessage], dict[str, Any]]:
    blocks: list[Any] = [TextBlock(text=question.text)]
    if question.image:
        blocks.append(ImageBlock(image=question.image, image_mimetype="image/png"))
    model = client.as_structured_llm(question.schema) if question.schema else client
    options = dict(question.options)
    if question.tools:
        options["tools"] = list(question.tools)
    return model, [ChatMessage(blocks)], options


def answer_of(response: Any, client: Any) -> Answer:
    if not isinstance(response.raw, dict):
        return Answer(value=response.raw)
    facts, message = response.additional_kwargs, response.message
    thoughts = [b.content or "" for b in message.blocks if isinstance(b, ThinkingBlock)]
    calls = client.get_tool_calls_from_response(response, error_on_no_tool_call=False)
    return Answer(
        text=message.content or "",
        reasoning="".join(thoughts) if thoughts else None,
        calls=[(call.tool_name, call.tool_kwargs) for call in calls],
        tokens=facts.get("total_tokens"),
        machine=(facts.get("backend") or {}).get("machine_name"),
        cost=facts.get("cost_eur"),
        notes=noted(facts),
    )


DRIVERS = [LlamaIndex]
