"""Conversion of answers and streams to contents."""

import json

import pytest
from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.contents import (
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    TextContent,
)
from semantic_kernel.contents.reasoning_content import ReasoningContent
from semantic_kernel.contents.utils.finish_reason import FinishReason

from semantic_kernel_llmaas import LLMaaSChatPromptExecutionSettings
from semantic_kernel_llmaas.responses import MAX_CUMULATIVE_REASONING

THINKER = "gpt-oss:120b"
DIALECTS = ["reasoning_content", "reasoning", "think", "reasoning-both"]
THOUGHT, SAID = "I must think first.", "The answer is 42, for sure."


def think(dialect, **rest):
    return {"content": SAID, "reasoning": THOUGHT, "fault": dialect, **rest}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_reasoning_is_in_the_metadata(sandbox, make, ask, dialect):
    sandbox.script([think(dialect)])
    answer = await ask(make(THINKER))
    assert answer.content == SAID
    assert answer.metadata["reasoning_content"].strip() == THOUGHT
    assert len(answer.items) == 1
    assert isinstance(answer.items[0], TextContent)


async def test_streamed_reasoning_is_cumulative(sandbox, make, stream):
    sandbox.script([think("reasoning")])
    chunks = await stream.chunks(make(THINKER), history_of("?"))
    cumulative = ""
    pieces = [chunk for chunk in chunks if "reasoning_delta" in chunk.metadata]
    assert len(pieces) > 1
    for chunk in pieces:
        cumulative += chunk.metadata["reasoning_delta"]
        assert chunk.metadata["reasoning_content"] == cumulative
        assert not chunk.items
    assert cumulative == THOUGHT
    merged = sum(chunks[1:], chunks[0])
    assert merged.metadata["reasoning_content"] == THOUGHT
    assert merged.content == SAID


async def test_long_reasoning_does_not_take_quadratic_memory(sandbox, make, stream):
    thought = "word " * MAX_CUMULATIVE_REASONING
    sandbox.script([think("reasoning", reasoning=thought, finish_reason="stop")])
    chunks = await stream.chunks(make(THINKER), history_of("?"))
    kept = sum(len(chunk.metadata.get("reasoning_content", "")) for chunk in chunks)
    assert kept < MAX_CUMULATIVE_REASONING**2
    assert sum(chunks[1:], chunks[0]).metadata["reasoning_content"].strip() == thought.strip()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_reasoning_among_the_items_on_request(sandbox, make, ask, dialect):
    sandbox.script([think(dialect)])
    answer = await ask(make(THINKER, reasoning="content"))
    thought, text = answer.items
    assert isinstance(thought, ReasoningContent)
    assert (thought.text.strip(), text.text) == (THOUGHT, SAID)
    assert answer.content == SAID
    assert answer.metadata["reasoning_content"].strip() == THOUGHT


async def test_no_empty_text_before_the_reasoning(sandbox, make, stream):
    sandbox.script([think("reasoning_content")])
    chunks = await stream.chunks(make(THINKER, reasoning="content"), history_of("?"))
    items = [item for chunk in chunks for item in chunk.items]
    assert isinstance(items[0], ReasoningContent)
    assert all(item.text for item in items)
    kinds = [type(item) for item in sum(chunks[1:], chunks[0]).items]
    assert len(kinds) == 2
    assert issubclass(kinds[0], ReasoningContent)


@pytest.mark.parametrize("dialect", ["usage-last", "usage-finish", "usage-every", "usage-none"])
async def test_usage_comes_once_at_the_end_or_not_at_all(sandbox, chat, stream, dialect):
    sandbox.script([{"content": SAID, "fault": dialect}])
    chunks = await stream.chunks(chat, history_of("?"))
    usages = [chunk.metadata["usage"] for chunk in chunks if "usage" in chunk.metadata]
    assert len(usages) == (0 if dialect == "usage-none" else 1)
    assert all(isinstance(usage, CompletionUsage) for usage in usages)
    if usages:
        assert "usage" in chunks[-1].metadata
        assert usages[0].completion_tokens > 0


async def test_usage_has_its_details(sandbox, chat, ask):
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 7,
        "total_tokens": 12,
        "reasoning_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 2},
    }
    sandbox.script([{"content": SAID, "usage": usage}])
    usage = (await ask(chat)).metadata["usage"]
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, 7)
    assert usage.completion_tokens_details.reasoning_tokens == 3
    assert usage.prompt_tokens_details.cached_tokens == 2


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("eos_token", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("stop", FinishReason.STOP),
    ],
)
async def test_unknown_finish_reason_is_a_stop(sandbox, chat, ask, sent, read):
    sandbox.script([{"content": SAID, "finish_reason": sent}])
    assert (await ask(chat)).finish_reason is read


TWO = [
    {"name": "weather-get_weather", "arguments": {"city": "Paris", "options": {}}},
    {"name": "weather-get_weather", "arguments": {"city": "Nîmes", "options": {}}},
]
CALLS = ["", "tool-no-index", "tool-repeat-id", "tool-same-index", "tool-object-args"]


@pytest.mark.parametrize("dialect", CALLS)
async def test_two_parallel_calls_stay_apart(sandbox, chat, ask, dialect):
    sandbox.script([{"tool_calls": TWO, "fault": dialect}])
    answer = await ask(chat)
    calls = [item for item in answer.items if isinstance(item, FunctionCallContent)]
    assert [json.loads(call.arguments) for call in calls] == [c["arguments"] for c in TWO]
    assert [call.name for call in calls] == ["weather-get_weather"] * 2
    assert [(call.plugin_name, call.function_name) for call in calls] == [
        ("weather", "get_weather")
    ] * 2
    assert len({call.id for call in calls}) == 2
    assert all(call.id for call in calls)


async def test_arguments_in_single_characters_keep_empty_objects(sandbox, chat, stream):
    """A piece that is just ``{}`` is dropped by the merge of Semantic Kernel."""

    def piece(arguments, **call):
        function = {"arguments": arguments, **call.pop("function", {})}
        call = {"index": 0, **call, "function": function}
        return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}

    pieces = [piece('{"a": ', id="c1", function={"name": "f"}), piece("{}"), piece("}")]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    sandbox.script([{"sse": [*pieces, end, "[DONE]"]}])
    chunks = await stream.chunks(chat, history_of("?"))
    (call,) = sum(chunks[1:], chunks[0]).items
    assert call.arguments == '{"a": {}}'


async def test_space_after_an_empty_object_does_not_replace_it(sandbox, chat, stream):
    pieces = ["{", "}", " ", "\n"]
    call = {"index": 0, "id": "c", "type": "function"}
    deltas = [{"tool_calls": [{**call, "function": {"name": "f", "arguments": p}}]} for p in pieces]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    end = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
    sandbox.script([{"sse": [*({"choices": [c]} for c in [*choices, end]), "[DONE]"]}])
    answer = await stream(chat)
    assert [item.arguments for item in answer.items] == ["{}"]


async def test_empty_arguments_are_an_empty_object(sandbox, chat, ask):
    sandbox.script([{"tool_calls": [{"name": "f", "arguments": {}}], "fault": "tool-empty-args"}])
    (call,) = (await ask(chat)).items
    assert call.parse_arguments() in ({}, None)


async def test_backend_is_in_the_metadata(sandbox, chat, ask):
    backend = {"engine_type": "vllm", "machine_name": "ma07"}
    sandbox.script([{"content": SAID, "backend": backend}])
    assert (await ask(chat)).metadata["backend"] == backend


async def test_peer_streaming_chunks_are_the_text_in_pieces(sandbox, chat, stream):
    sandbox.script([{"content": SAID}])
    chunks = await stream.chunks(chat, history_of("?"))
    assert len(chunks) > 3
    assert "".join(chunk.content for chunk in chunks) == SAID
    assert chunks[-1].finish_reason is FinishReason.STOP
    assert {chunk.ai_model_id for chunk in chunks} == {chat.ai_model_id}


async def test_text_beside_tool_calls_is_kept_in_the_answer(sandbox, chat, ask):
    sandbox.script([{"content": "I look.", "tool_calls": TWO[:1], "fault": "text-and-tool"}])
    answer = await ask(chat)
    assert answer.content == "I look."
    assert any(isinstance(item, FunctionCallContent) for item in answer.items)


async def test_several_responses(sandbox, chat):
    settings = LLMaaSChatPromptExecutionSettings(number_of_responses=2)
    whole = await chat.get_chat_message_contents(history_of("Say 'oui'"), settings)
    assert [message.content for message in whole] == ["oui", "oui"]
    streamed = {0: "", 1: ""}
    async for chunks in chat.get_streaming_chat_message_contents(history_of("Say 'oui'"), settings):
        for chunk in chunks:
            streamed[chunk.choice_index] += chunk.content
    assert streamed == {0: "oui", 1: "oui"}
    assert [request.json["n"] for request in sandbox.requests] == [2, 2]


async def test_logprobs_are_in_the_metadata(sandbox, chat, ask):
    settings = LLMaaSChatPromptExecutionSettings(logprobs=True, top_logprobs=1)
    answer = await ask(chat, "Say 'oui'", settings)
    assert answer.metadata["logprobs"]


async def test_inner_content_is_the_completion(sandbox, chat, ask):
    sandbox.script([{"content": SAID}])
    inner = (await ask(chat)).inner_content
    completion = inner[-1] if isinstance(inner, list) else inner
    assert completion.text == SAID
    assert completion.cost_micro_eur is not None


async def test_cost_is_in_the_metadata_once(sandbox, chat, ask):
    answer = await ask(chat)
    usage = answer.metadata["usage"]
    micro = (usage.prompt_tokens * 1_800 + usage.completion_tokens * 8_000 + 500) // 1_000
    assert answer.metadata["cost_eur"] == micro / 1_000_000


async def test_refusal_is_the_text(sandbox, chat, ask):
    message = {"role": "assistant", "content": None, "refusal": "I will not."}
    if ask.streamed:
        delta = {"index": 0, "delta": {"refusal": "I will not."}, "finish_reason": "stop"}
        sandbox.script([{"sse": [{"choices": [delta]}, "[DONE]"]}])
    else:
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        sandbox.script([{"status": 200, "json": {"id": "x", "model": "m", "choices": [choice]}}])
    assert (await ask(chat)).content == "I will not."


def history_of(text):
    return ChatHistory(messages=[ChatMessageContent(role="user", content=text)])
