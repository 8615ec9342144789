"""Our generator inside everything of Haystack that takes a chat generator."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from haystack import Document, Pipeline
from haystack.components.agents import Agent
from haystack.components.builders import ChatPromptBuilder
from haystack.components.evaluators import (
    ContextRelevanceEvaluator,
    FaithfulnessEvaluator,
    LLMEvaluator,
)
from haystack.components.extractors import LLMMetadataExtractor
from haystack.components.extractors.image import LLMDocumentContentExtractor
from haystack.components.generators.chat import LLM, FallbackChatGenerator
from haystack.components.generators.utils import print_streaming_chunk
from haystack.components.query import QueryExpander
from haystack.components.rankers import LLMRanker
from haystack.components.routers import LLMMessagesRouter
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.hooks.budget import TokenBudgetHook
from haystack.hooks.compaction import (
    CompactionHook,
    SlidingWindowCompactor,
    SummarizationCompactor,
)
from haystack.hooks.human_in_the_loop import (
    AlwaysAskPolicy,
    BlockingConfirmationStrategy,
    ConfirmationHook,
    ConfirmationUIResult,
)
from haystack.tools import Tool, Toolset

import llmaas
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from haystack_integrations.token_counters.llmaas import LLMaaSTokenCounter

pytestmark = pytest.mark.filterwarnings("ignore:.*is an experimental component")
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
USAGE = {"prompt_tokens": 60, "completion_tokens": 40, "total_tokens": 100,
         "tokens_per_second": 80.0, "estimated": True}  # fmt: skip


def forecast(city: str) -> str:
    return f"Soleil à {city}"


def weather() -> Tool:
    return Tool(name="weather", description="weather of a city", parameters=CITY, function=forecast)


def call(city: str, **more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"name": "weather", "arguments": {"city": city}}], "usage": USAGE,
            **more}  # fmt: skip


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"content": text, "usage": USAGE, **more}


def user(text: str = "Quel temps ?") -> list[ChatMessage]:
    return [ChatMessage.from_user(text)]


def generator(**options: Any) -> LLMaaSChatGenerator:
    return LLMaaSChatGenerator(**{"max_retries": 0, **options})


class Screen:
    """Answers a confirmation in the user's place."""

    def __init__(self, result: ConfirmationUIResult) -> None:
        self.result = result
        self.asked: list[Any] = []

    def get_user_confirmation(
        self, tool_name: str, tool_description: str, tool_params: dict[str, Any]
    ) -> ConfirmationUIResult:
        self.asked.append((tool_name, tool_params))
        return self.result


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("tools", [[weather()], Toolset([weather()])], ids=["list", "toolset"])
def test_agent_calls_tools(sandbox: Any, run: Any, streaming: bool, tools: Any) -> None:
    sandbox.script([call("Nice", reasoning="Je cherche."), said("Soleil.", reasoning="Voilà.")])
    chunks: list[StreamingChunk] = []
    agent = Agent(chat_generator=generator(), tools=tools,
                  streaming_callback=chunks.append if streaming else None)  # fmt: skip
    result = run(agent, messages=user())
    assert result["last_message"].text == "Soleil."
    assert [m.reasoning.reasoning_text for m in result["messages"] if m.reasoning] == [
        "Je cherche.", "Voilà."]  # fmt: skip
    assert result["exit_reason"] == "text"
    assert "Soleil à Nice" in json.dumps(sandbox.requests[-1].json, ensure_ascii=False)
    assert bool([c for c in chunks if c.tool_calls]) == streaming
    assert result["token_usage"]["total_tokens"] == 200
    assert set(result["token_usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}


@pytest.mark.parametrize("streaming", [False, True])
def test_agent_budget_stops_it(sandbox: Any, run: Any, streaming: bool) -> None:
    sandbox.script([call(city) for city in ("Nice", "Lyon", "Paris", "Lille")])
    hook = TokenBudgetHook(max_total_tokens=150)
    agent = Agent(chat_generator=generator(), tools=[weather()], hooks={"before_llm": [hook]},
                  streaming_callback=print_if(streaming))  # fmt: skip
    result = run(agent, messages=user())
    assert len(sandbox.requests) == 2
    assert result["token_usage"]["total_tokens"] == 200
    assert "budget" in result["exit_reason"]


def print_if(streaming: bool) -> Any:
    return print_streaming_chunk if streaming else None


@pytest.mark.parametrize("streaming", [False, True])
def test_agent_compaction_uses_reported_usage(sandbox: Any, run: Any, streaming: bool) -> None:
    big = {"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950}
    sandbox.script([call("Nice", usage=big), said("ok")])
    hook = CompactionHook(compactor=SlidingWindowCompactor(), context_window=1000,
                          compact_at=0.7, compact_to=0.05,
                          token_counter=LLMaaSTokenCounter())  # fmt: skip
    agent = Agent(chat_generator=generator(), tools=[weather()], hooks={"before_llm": [hook]},
                  streaming_callback=print_if(streaming))  # fmt: skip
    history = [*user("un " * 200), ChatMessage.from_assistant("deux " * 200), *user()]
    run(agent, messages=history)
    first, second = (r.json["messages"] for r in sandbox.requests)
    assert len(first) == 3
    assert "un un" in first[0]["content"]
    assert "un un" not in json.dumps(second)


def test_agent_compaction_by_summary_is_written_by_our_generator(sandbox: Any, run: Any) -> None:
    big = {"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950}
    sandbox.script([call("Nice", usage=big), said("RESUME"), said("fini")])
    compactor = SummarizationCompactor(chat_generator=generator())
    hook = CompactionHook(compactor=compactor, context_window=1000, compact_at=0.7,
                          compact_to=0.4)  # fmt: skip
    agent = Agent(chat_generator=generator(), tools=[weather()], hooks={"before_llm": [hook]})
    history = [*user("un " * 200), ChatMessage.from_assistant("deux " * 300), *user()]
    assert run(agent, messages=history)["last_message"].text == "fini"
    assert "RESUME" in json.dumps(sandbox.requests[-1].json)


@pytest.mark.parametrize(
    ("decision", "ran"),
    [
        (ConfirmationUIResult("confirm"), "Soleil à Nice"),
        (ConfirmationUIResult("reject", feedback="pas celle-là"), "pas celle-là"),
        (ConfirmationUIResult("modify", new_tool_params={"city": "Lyon"}), "Soleil à Lyon"),
    ],
    ids=lambda value: getattr(value, "action", ""),
)
@pytest.mark.parametrize("streaming", [False, True])
def test_agent_asks_a_human(
    sandbox: Any, run: Any, decision: ConfirmationUIResult, ran: str, streaming: bool
) -> None:
    sandbox.script([call("Nice"), said("fini")])
    screen = Screen(decision)
    strategy = BlockingConfirmationStrategy(confirmation_policy=AlwaysAskPolicy(),
                                            confirmation_ui=screen)  # fmt: skip
    hook = ConfirmationHook(confirmation_strategies={"weather": strategy})
    agent = Agent(chat_generator=generator(), tools=[weather()], hooks={"before_tool": [hook]},
                  streaming_callback=print_if(streaming))  # fmt: skip
    result = run(agent, messages=user())
    assert screen.asked == [("weather", {"city": "Nice"})]
    assert ran in json.dumps(sandbox.requests[-1].json["messages"], ensure_ascii=False)
    assert result["last_message"].text == "fini"


def test_agent_survives_yaml(sandbox: Any) -> None:
    agent = Agent(chat_generator=generator(generation_kwargs={"temperature": 0.1}))
    pipeline = Pipeline()
    pipeline.add_component("agent", agent)
    again = Pipeline.loads(pipeline.dumps())
    sandbox.script([said("oui")])
    assert again.run({"agent": {"messages": user()}})["agent"]["last_message"].text == "oui"
    assert sandbox.requests[-1].json["temperature"] == 0.1


def test_pipeline_stream(sandbox: Any) -> None:
    sandbox.script([said("un deux trois", reasoning="hm")])
    pipeline = Pipeline()
    pipeline.add_component("prompt", ChatPromptBuilder(user("{{ q }}"), required_variables="*"))
    pipeline.add_component("llm", generator())
    pipeline.connect("prompt.prompt", "llm.messages")

    async def collected() -> tuple[list[StreamingChunk], Any]:
        handle = pipeline.stream({"prompt": {"q": "?"}})
        chunks = [chunk async for chunk in handle]
        return chunks, handle.result

    chunks, result = asyncio.run(collected())
    assert "".join(c.content for c in chunks) == "un deux trois"
    assert result["llm"]["replies"][0].text == "un deux trois"
    assert {c.component_info.name for c in chunks} == {"llm"}
    assert chunks[-1].finish_reason == "stop"


def test_print_streaming_chunk_reads_our_chunks(sandbox: Any, capsys: Any) -> None:
    sandbox.script([{"reasoning": "Je pense", "content": "Voyons",
                     "tool_calls": call("Nice")["tool_calls"]}])  # fmt: skip
    generator(streaming_callback=print_streaming_chunk).run("?", tools=[weather()])
    shown = capsys.readouterr().out
    assert shown.index("[REASONING]") < shown.index("[ASSISTANT]") < shown.index("[TOOL CALL]")
    assert "Tool: weather" in shown
    assert '{"city":' in shown.replace(" ", "").replace('{"city"', '{"city"')


def test_llm(sandbox: Any, run: Any) -> None:
    llm = LLM(chat_generator=generator(), user_prompt='{% message role="user" %}Say "{{ word }}"'
                                                      "{% endmessage %}")  # fmt: skip
    assert run(llm, word="oui")["last_message"].text == "oui"


def test_llm_ranker(sandbox: Any, run: Any) -> None:
    sandbox.script([said('{"documents": [{"index": 2}, {"index": 1}]}')])
    ranker = LLMRanker(chat_generator=generator(), raise_on_failure=True)
    documents = [Document(content="chien"), Document(content="chat")]
    ranked = run(ranker, query="chat ?", documents=documents)["documents"]
    assert [d.content for d in ranked] == ["chat", "chien"]


def test_llm_metadata_extractor(sandbox: Any, run: Any) -> None:
    """Refused ``response_format`` and all: the core asks for it in words then."""
    refusal = {"status": 400, "json": {"error": {
        "message": "response_format is not supported", "param": "response_format"}}}  # fmt: skip
    sandbox.script([refusal, said('{"ville": "Nice"}')])
    extractor = LLMMetadataExtractor(
        prompt="Ville de : {{ document.content }}",
        chat_generator=generator(generation_kwargs={"response_format": {"type": "json_object"}}),
        expected_keys=["ville"],
    )
    result = run(extractor, documents=[Document(content="Il fait beau à Nice.")])
    assert result["documents"][0].meta["ville"] == "Nice"
    assert not result["failed_documents"]
    assert "response_format" in sandbox.requests[0].json
    assert "response_format" not in sandbox.requests[1].json


def test_evaluators(sandbox: Any, run: Any) -> None:
    sandbox.script([said('{"statements": ["a", "b"], "statement_scores": [1, 0]}')])
    faithful = FaithfulnessEvaluator(chat_generator=generator(), progress_bar=False)
    result = run(faithful, questions=["q"], contexts=[["c"]], predicted_answers=["a b"])
    assert result["score"] == 0.5
    sandbox.script([said('{"relevant_statements": ["a"]}')])
    relevance = ContextRelevanceEvaluator(chat_generator=generator(), progress_bar=False)
    assert run(relevance, questions=["q"], contexts=[["c"]])["score"] == 1
    sandbox.script([said('{"score": 1}')])
    example = {"inputs": {"answers": "a"}, "outputs": {"score": 1}}
    evaluator = LLMEvaluator(instructions="Vrai ?", inputs=[("answers", list[str])],
                             outputs=["score"], examples=[example],
                             chat_generator=generator(), progress_bar=False)  # fmt: skip
    assert run(evaluator, answers=["a"])["results"][0]["score"] == 1


def test_query_expander(sandbox: Any, run: Any) -> None:
    sandbox.script([said('{"queries": ["chat noir", "félin"]}')])
    expander = QueryExpander(chat_generator=generator(), n_expansions=2)
    assert run(expander, query="chat")["queries"] == ["chat noir", "félin", "chat"]


def test_messages_router(sandbox: Any, run: Any) -> None:
    sandbox.script([said("unsafe")])
    router = LLMMessagesRouter(chat_generator=generator(), output_names=["unsafe", "safe"],
                               output_patterns=["unsafe", "safe"])  # fmt: skip
    assert "unsafe" in run(router, messages=user())


def test_document_content_extractor(sandbox: Any, tmp_path: Any) -> None:
    from PIL import Image

    path = tmp_path / "scan.png"
    Image.new("RGB", (20, 20), "white").save(path)
    sandbox.script([said('{"document_content": "# Facture"}')])
    extractor = LLMDocumentContentExtractor(chat_generator=generator(model="gemma4:31b"))
    result = extractor.run(documents=[Document(content="", meta={"file_path": str(path)})])
    assert "Facture" in result["documents"][0].content
    assert sandbox.requests[-1].json["messages"][-1]["content"][-1]["type"] == "image_url"


@pytest.mark.parametrize("streaming", [False, True])
def test_fallback_continues_after_error(sandbox: Any, run: Any, streaming: bool) -> None:
    sandbox.script([{"status": 503, "json": {}}, said("oui")])
    both = FallbackChatGenerator([generator(model="gpt-oss:120b"), generator(model="gemma4:31b")])
    callback = print_if(streaming)
    result = run(both, messages=user(), streaming_callback=callback, tools=[weather()])
    assert result["replies"][0].text == "oui"
    assert result["meta"]["successful_chat_generator_index"] == 1
    assert sandbox.requests[-1].json["model"] == "gemma4:31b"
    assert sandbox.requests[-1].json["tools"]


def test_fallback_does_not_forward_a_blocked_prompt(sandbox: Any, run: Any) -> None:
    blocked = {"status": 403, "json": {"detail": "Prompt blocked for security reasons"}}
    kept = generator(generation_kwargs={"on_blocked": "reply"})
    sandbox.script([blocked])
    reply = run(FallbackChatGenerator([kept, generator()]), messages=user())["replies"][0]
    assert reply.meta["finish_reason"] == "content_filter"
    assert len(sandbox.requests) == 1


def test_agent_ends_on_a_blocked_prompt(sandbox: Any, run: Any) -> None:
    blocked = {"status": 403, "json": {"detail": "Prompt blocked for security reasons"}}
    sandbox.script([blocked])
    agent = Agent(chat_generator=generator(generation_kwargs={"on_blocked": "reply"}),
                  tools=[weather()])  # fmt: skip
    assert run(agent, messages=user())["exit_reason"] == "content_filter"


def test_pipeline_error_keeps_cause(sandbox: Any) -> None:
    from haystack.core.errors import PipelineRuntimeError

    sandbox.script([{"status": 404, "json": {"error": {"code": "model_not_found"}}}])
    pipeline = Pipeline()
    pipeline.add_component("llm", generator())
    with pytest.raises(PipelineRuntimeError) as caught:
        pipeline.run({"llm": {"messages": "?"}})
    assert isinstance(caught.value.__cause__, llmaas.ModelNotFoundError)


def test_replies_share_no_meta(sandbox: Any, run: Any) -> None:
    generator = LLMaaSChatGenerator(generation_kwargs={"n": 2})
    first, second = run(generator, messages='Say "x"')["replies"]
    first.meta["usage"]["prompt_tokens"] = -1
    first.meta["backend"].clear()
    assert second.meta["usage"]["prompt_tokens"] > 0
    assert second.meta["backend"]


def test_stream_rejects_multiple_choices(sandbox: Any, stream: Any) -> None:
    for kwargs in ({"n": 2}, {"extra_body": {"n": 2}}):
        with pytest.raises(ValueError, match="n must be 1"):
            stream("?", generation_kwargs=kwargs)
    assert not [*sandbox.requests]


def test_names_are_converted_to_ascii(sandbox: Any, ask: Any) -> None:
    ask([ChatMessage.from_user("?", name="Zoé M."), ChatMessage.from_assistant("!", name="b c"),
         ChatMessage.from_user("?")])  # fmt: skip
    sent = sandbox.requests[-1].json["messages"]
    assert [message.get("name") for message in sent] == ["Zoe_M", "b_c", None]
