"""LlamaIndex under the contract. Its stock OpenAI class excludes openai 3, so ours runs alone."""

from contextlib import closing
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock, ThinkingBlock

from tests.helpers.contract.driver import Answer, ClientOptions, Driver, Request, metadata_notes


class LlamaIndex(Driver):
    name = "llama-index"
    has_sync = True
    distribution = "llama-index-core"

    def connect(self, to: ClientOptions) -> Any:
        from llama_index.llms.llmaas import LLMaaS

        return LLMaaS(
            model=to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
        )

    async def ask(self, client: Any, request: Request) -> Answer:
        model, messages, options = asked(client, request)
        if not request.stream:
            return answer_of(await model.achat(messages, **options), client)
        responses = await model.astream_chat(messages, **options)
        return answer_of([response async for response in responses][-1], client)

    def ask_sync(self, client: Any, request: Request) -> Answer:
        model, messages, options = asked(client, request)
        if not request.stream:
            return answer_of(model.chat(messages, **options), client)
        return answer_of([*model.stream_chat(messages, **options)][-1], client)

    def cancel_sync(self, client: Any, request: Request) -> None:
        with closing(client.stream_chat([ChatMessage(request.text)])) as responses:
            next(responses)


def asked(client: Any, request: Request) -> tuple[Any, list[ChatMessage], dict[str, Any]]:
    blocks: list[Any] = [TextBlock(text=request.text)]
    if request.image:
        blocks.append(ImageBlock(image=request.image, image_mimetype="image/png"))
    model = client.as_structured_llm(request.schema) if request.schema else client
    options = dict(request.options)
    if request.tools:
        options["tools"] = list(request.tools)
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
        notes=metadata_notes(facts),
    )


DRIVERS = [LlamaIndex]
