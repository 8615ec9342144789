"""What must come out, whatever the service sends: rows 1 to 12 of what other packages get wrong."""

import json

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.language_models import ModelProfile
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, ToolMessage
from langchain_core.messages.ai import add_usage
from langchain_core.tools import tool

from langchain_llmaas import ChatLLMaaS, get_cost_callback
from langchain_llmaas.profiles import get_profile


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It is sunny in {city}."


CALL = {"name": "get_weather", "arguments": {"city": "Paris"}, "id": "call_1"}


def kinds(message):
    return [block["type"] for block in message.content_blocks]


@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("before", ["reasoning", "content", "both"])
def test_stream_keeps_reasoning_text_and_tool_call(chat, ask, sandbox, version, before):
    step = {"tool_calls": [CALL, {**CALL, "id": "call_2"}], "reasoning": "", "content": ""}
    said = {"reasoning": "Hm, the weather.", "content": "I look."}
    step |= said if before == "both" else {before: said[before]}
    sandbox.script([{**step, "fault": "text-and-tool"}])
    model = chat(output_version=version).bind_tools([get_weather])
    message = ask(model, "Weather?")
    expected = {"reasoning": ["reasoning"], "content": ["text"], "both": ["reasoning", "text"]}
    assert kinds(message) == [*expected[before], "tool_call", "tool_call"]
    assert [call["args"] for call in message.tool_calls] == [{"city": "Paris"}] * 2
    assert message.text == step["content"]


def test_v3_events_keep_reasoning_text_and_tool_call(chat, sandbox):
    sandbox.script([{"reasoning": "Hm.", "content": "I look.", "tool_calls": [CALL]}])
    model = chat(output_version="v1").bind_tools([get_weather])
    stream = model.stream_events("Weather?", version="v3")
    message = stream.output
    assert kinds(message) == ["reasoning", "text", "tool_call"]
    assert message.tool_calls[0]["id"] == "call_1"


def test_chunk_metadata_is_merged_once(chat, ask, sandbox):
    chunk = {"id": "c1", "model": "m", "backend": {"engine_type": "vllm", "machine_name": "ma01"}}
    pieces = [{**chunk, "choices": [{"index": 0, "delta": {"content": c}}]} for c in "abc"]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
    sandbox.script([{"sse": [*pieces, {**chunk, **last, "usage": usage}, "[DONE]"]}])
    message = ask(chat(streaming=True), "?")
    facts = message.response_metadata
    assert message.text == "abc"
    assert facts["model_name"] == "m"
    assert facts["model_provider"] == "llmaas"
    assert facts["backend"] == {"engine_type": "vllm", "machine_name": "ma01"}
    assert facts["id"] == "c1"
    assert facts["finish_reason"] == "stop"
    assert facts["cost_micro_eur"] == message.usage_metadata["cost_micro_eur"] > 0


@pytest.mark.parametrize("dialect", ["usage-last", "usage-finish", "usage-every"])
def test_usage_is_counted_once_in_any_position(chat, ask, sandbox, dialect):
    fixed = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    sandbox.script([{"content": "Oui.", "reasoning": "", "usage": fixed, "fault": dialect}])
    usage = ask(chat(), "?").usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (7, 5, 12)


def test_usage_is_none_when_missing(chat, ask, sandbox):
    sandbox.script([{"content": "Oui.", "fault": "usage-none"}])
    message = ask(chat(), "?")
    assert message.usage_metadata is None
    assert "cost_micro_eur" not in message.response_metadata


@pytest.mark.parametrize("dialect", ["usage-toplevel-reasoning", "usage-nested-reasoning"])
def test_reasoning_tokens_are_read_from_both_fields(chat, ask, sandbox, dialect):
    sandbox.script([{"content": "Oui.", "reasoning": "Hm, hm, hm.", "fault": dialect}])
    assert ask(chat(), "?").usage_metadata["output_token_details"]["reasoning"] > 0


def test_usage_sums_include_cost(chat, ask):
    model = chat()
    with get_usage_metadata_callback() as seen:
        first, second = (ask(model, f'Say "{word}"').usage_metadata for word in ("one", "two"))
    total = add_usage(first, second)
    assert total["cost_micro_eur"] == first["cost_micro_eur"] + second["cost_micro_eur"] > 0
    assert seen.usage_metadata == {"gpt-oss:120b": total}


def test_usage_survives_checkpoint(chat):
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import START, MessagesState, StateGraph

    model = chat()
    graph = StateGraph(MessagesState)
    graph.add_node("chat", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_edge(START, "chat")
    app = graph.compile(checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "1"}}
    app.invoke({"messages": [HumanMessage('Say "x"')]}, thread)
    kept = app.get_state(thread).values["messages"][-1]
    assert isinstance(kept.usage_metadata["cost_micro_eur"], int)


def test_cached_answer_costs_nothing(chat, sandbox):
    model = chat(cache=InMemoryCache())
    with get_cost_callback() as cost:
        model.invoke('Say "x"')
        once = cost.cost_micro_eur
        model.invoke('Say "x"')
    assert cost.cost_micro_eur == once > 0
    assert cost.calls == len(sandbox.requests) == 1


@pytest.mark.parametrize("dialect", ["reasoning_content", "reasoning", "reasoning-both", "think"])
def test_reasoning_is_read_once_from_every_field(chat, ask, sandbox, dialect):
    sandbox.script([{"content": "Oui.", "reasoning": "Hm, hm.", "fault": dialect}])
    message = ask(chat(), "?")
    assert message.additional_kwargs["reasoning_content"].strip() == "Hm, hm."
    assert message.text == "Oui."
    blocks = message.content_blocks
    assert [block["type"] for block in blocks] == ["reasoning", "text"]
    assert blocks[0]["reasoning"].strip() == "Hm, hm."


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_reasoning_is_sent_back_within_turn(chat, ask, sandbox, version):
    sandbox.script([{"reasoning": "I must look.", "tool_calls": [CALL]}, {"content": "Sunny."}])
    model = chat(output_version=version).bind_tools([get_weather])
    history = [HumanMessage("Weather?")]
    history.append(ask(model, history))
    history.append(get_weather.invoke(history[-1].tool_calls[0]))
    answer = ask(model, history)
    sent = sandbox.requests[-1].json["messages"][1]
    assert sent["reasoning_content"] == "I must look."
    assert sent["content"] is None
    ask(model, [*history, answer, HumanMessage("And now?")])
    assert all("reasoning_content" not in m for m in sandbox.requests[-1].json["messages"])


def test_reasoning_is_sent_back_in_agent_loop(chat, sandbox):
    from langchain.agents import create_agent

    sandbox.script([{"reasoning": "I must look.", "tool_calls": [CALL]}, {"content": "Sunny."}])
    state = create_agent(chat(), [get_weather]).invoke({"messages": [("user", "Weather?")]})
    assert state["messages"][-1].text == "Sunny."
    assert sandbox.requests[-1].json["messages"][1]["reasoning_content"] == "I must look."


@pytest.mark.parametrize(("echo", "turns"), [("always", 1), ("never", 0)])
def test_send_reasoning_is_configurable(chat, sandbox, echo, turns):
    kept = AIMessage("Oui.", additional_kwargs={"reasoning_content": "Hm."})
    chat(send_reasoning=echo).invoke([HumanMessage("?"), kept, HumanMessage("And?")])
    sent = sandbox.requests[-1].json["messages"]
    assert sum("reasoning_content" in message for message in sent) == turns


def test_chat_message_of_user_starts_new_turn(chat):
    kept = AIMessage("Oui.", additional_kwargs={"reasoning_content": "Hm."})
    sent = chat().build_request([HumanMessage("?"), kept, ChatMessage("And?", role="user")])
    assert "reasoning_content" not in sent["messages"][1]


def test_broken_arguments_are_kept_and_sent_back(chat, ask, sandbox):
    broken = '{"city": "Par'
    call = {**CALL, "arguments": broken}
    sandbox.script([{"tool_calls": [call]}])
    message = ask(chat().bind_tools([get_weather]), "Weather?")
    assert message.tool_calls == []  # also of a merged stream, which LangChain would repair
    assert message.invalid_tool_calls[0]["args"].startswith(broken)
    chat().invoke([HumanMessage("?"), message, ToolMessage("no", tool_call_id="call_1")])
    sent = sandbox.requests[-1].json["messages"][1]["tool_calls"][0]
    assert json.loads(sent["function"]["arguments"]) == {"raw_arguments": broken}


@pytest.mark.parametrize("arguments", ["[1, 2]", "not json"])
def test_non_object_arguments_are_invalid(chat, ask, sandbox, arguments):
    sandbox.script([{"tool_calls": [{**CALL, "arguments": arguments}]}])
    message = ask(chat().bind_tools([get_weather]), "Weather?")
    assert [call["args"] for call in message.invalid_tool_calls] == [arguments]
    assert message.tool_calls == []


def test_stream_works_without_run_manager(chat):
    class Tokens(BaseCallbackHandler):
        def __init__(self):
            self.tokens = []

        def on_llm_new_token(self, token, **_):
            self.tokens.append(token)

    seen = Tokens()
    chunks = list(chat().stream('Say "one two"', config={"callbacks": [seen]}))
    assert len(seen.tokens) == len(chunks)
    assert "".join(seen.tokens) == "one two"
    model, manager = chat(), Tokens()
    without = list(model._stream([HumanMessage('Say "one two"')]))
    with_one = list(model._stream([HumanMessage('Say "one two"')], run_manager=manager))
    assert len(manager.tokens) == len(without) == len(with_one)


def test_unusual_chunks_are_accepted(chat, ask, sandbox):
    same = {"id": "c", "choices": [{"index": 0, "delta": {"content": "ha "}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    sandbox.script([{"sse": [{"choices": []}, *[same] * 150, end, "[DONE]"]}])
    assert ask(chat(streaming=True), "?").text == "ha " * 150


def test_provider_and_model_are_consistent(chat, ask):
    class Metadata(BaseCallbackHandler):
        def on_chat_model_start(self, *_, metadata, **__):
            self.metadata = metadata

    seen = Metadata()
    with get_usage_metadata_callback() as usage:
        message = ask(chat(), 'Say "x"', model="gemma4:31b", config={"callbacks": [seen]})
    assert seen.metadata["ls_provider"] == message.response_metadata["model_provider"] == "llmaas"
    assert seen.metadata["ls_model_name"] == "gemma4:31b"
    assert seen.metadata["ls_model_type"] == "chat"
    assert [*usage.usage_metadata] == ["gemma4:31b"]


@pytest.mark.parametrize(
    "dialect",
    ["tool-no-index", "tool-repeat-id", "tool-same-index", "tool-object-args", "tool-empty-args"],
)
def test_tool_calls_of_every_variant(chat, ask, sandbox, dialect):
    sandbox.script([{"tool_calls": [CALL, {**CALL, "id": "call_2"}], "fault": dialect}])
    calls = ask(chat().bind_tools([get_weather]), "Weather?").tool_calls
    assert [call["name"] for call in calls] == ["get_weather"] * 2
    assert len({call["id"] for call in calls}) == 2


def test_multiple_choices_count_usage_once(chat, sandbox):
    result = chat(n=3).generate([[HumanMessage('Say "x"')]])
    answers = [generation.message for generation in result.generations[0]]
    assert [answer.text for answer in answers] == ["x"] * 3
    assert [answer.usage_metadata is not None for answer in answers] == [True, False, False]
    assert ["cost_micro_eur" in answer.response_metadata for answer in answers] == [
        True,
        False,
        False,
    ]
    with pytest.raises(ValueError, match="n must be 1"):
        list(chat(n=3).stream("?"))


def test_logprobs(chat, ask):
    answer = ask(chat(logprobs=True, top_logprobs=2), 'Say "one two"')
    content = answer.response_metadata["logprobs"]["content"]
    assert "".join(entry["token"] for entry in content).strip() == "one two"


def test_metadata_holds_rate_limit_and_request_id(chat, ask, sandbox):
    facts = ask(chat(), 'Say "x"').response_metadata
    assert facts["rate_limit"]["limit"] == 1000
    assert facts["request_id"] == sandbox.requests[-1].request_id


def test_refusal_raises_in_structured_output(chat, sandbox):
    refused = {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None, "refusal": "I must not."},
                "finish_reason": "stop",
            }
        ]
    }
    sandbox.script([{"json": refused}, {"json": refused}])
    assert chat().invoke("?").content_blocks == [{"type": "refusal", "refusal": "I must not."}]
    with pytest.raises(Exception, match="I must not"):
        chat().with_structured_output({"title": "a", "type": "object"}).invoke("?")


FIELDS = {"system_fingerprint": "fp_1", "service_tier": "default"}


def test_fields_that_chatopenai_keeps_are_kept(chat, sandbox, ask):
    choice = {"index": 0, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {"id": "c", "model": "m", **FIELDS, "usage": usage}
    message = {"role": "assistant", "content": "Oui."}
    if "stream" in ask.__name__:
        chunk = {"id": "c", "model": "m", **FIELDS, "choices": [{**choice, "delta": message}]}
        sandbox.script([{"sse": [chunk, {"choices": [], "usage": usage}, "[DONE]"]}])
    else:
        sandbox.script([{"json": {**whole, "choices": [{**choice, "message": message}]}}])
    metadata = ask(chat(), "Hi").response_metadata
    assert {name: metadata[name] for name in FIELDS} == FIELDS


def test_llm_output_sums_usage_and_keeps_the_fingerprint(chat, sandbox):
    choice = {"index": 0, "message": {"content": "Oui."}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    body = {"id": "c", "model": "gpt-oss:120b", "choices": [choice], "usage": usage, **FIELDS}
    sandbox.script([{"json": body}] * 2)
    output = chat().generate([[HumanMessage("a")], [HumanMessage("b")]]).llm_output
    assert output["system_fingerprint"] == "fp_1"
    assert output["model_name"] == "gpt-oss:120b"
    assert output["token_usage"]["prompt_tokens"] == 6
    assert output["token_usage"]["cost_micro_eur"] > 0


@pytest.mark.parametrize(
    ("step", "raw", "normalized"),
    [
        ({"content": "Oui."}, "stop", "stop"),
        ({"content": "Ou", "finish_reason": "length"}, "length", "length"),
        ({"tool_calls": [{"name": "f", "arguments": {}}]}, "tool_calls", "tool_call"),
        ({"content": "Ou", "finish_reason": "content_filter"}, "content_filter", "content_filter"),
    ],
)
def test_finish_reason_is_raw_and_normalized(chat, ask, sandbox, step, raw, normalized):
    """Event streams read both since langchain-core 1.8.4."""
    sandbox.script([step])
    metadata = ask(chat(), "Hi").response_metadata
    assert metadata["finish_reason"] == raw
    assert metadata["normalized_finish_reason"] == normalized


def test_profile_names_the_efforts_of_the_model():
    if "reasoning_effort_levels" not in ModelProfile.__annotations__:
        pytest.skip("langchain-core before 1.7")
    profile = get_profile("gpt-oss:120b")
    assert profile["reasoning_effort_levels"] == ["low", "medium", "high"]
    assert profile["reasoning_effort_default"] == "medium"
    assert "reasoning_effort_levels" not in get_profile("llama3.3:70b")
    assert profile["max_input_tokens"] + profile["max_output_tokens"] == 131072


def test_class_is_ours():
    assert ChatLLMaaS.__module__.startswith("langchain_llmaas")
