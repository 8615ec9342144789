"""What goes out: rows 13 to 21 of what other packages get wrong."""

import base64
import json
from datetime import date

import pytest
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel

PNG = "iVBORw0KGgo="


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It is sunny in {city}."


@tool
def get_time(city: str) -> str:
    """Tell the time in a city."""
    return f"It is noon in {city}."


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str


@pytest.fixture
def body(chat, ask, sandbox):
    """Ask, and return the body that went out."""

    def sent(question="?", call=None, bind=None, **options):
        model = chat(**options)
        ask(bind(model) if bind else model, question, **(call or {}))
        request = sandbox.requests[-1]
        assert request.path == "/v1/chat/completions"
        return request.json

    return sent


@pytest.mark.parametrize("how", [{"max_tokens": 200}, {"model_kwargs": {"max_tokens": 200}}])
def test_max_tokens_keeps_its_name(body, how):
    sent = body(**how)
    assert sent["max_tokens"] == 200
    assert "max_completion_tokens" not in sent


def test_default_of_max_tokens_leaves_room_to_reason(body):
    assert body()["max_tokens"] == 16_384
    assert "max_tokens" not in body(call={"max_tokens": None})


@pytest.mark.parametrize("model", ["gpt-5-like", "o1", "codex-mini"])
def test_model_name_changes_no_parameters(chat, sandbox, model):
    sandbox.script([{"json": {"choices": [{"message": {"content": "Oui."}}]}}])
    chat(model=model, temperature=0.2).invoke([SystemMessage("Be kind."), HumanMessage("?")])
    sent = sandbox.requests[-1]
    assert sent.path == "/v1/chat/completions"
    assert sent.json["temperature"] == 0.2
    assert sent.json["messages"][0]["role"] == "system"


def test_reasoning_options_keep_endpoint(body):
    assert body(call={"reasoning": {"effort": "low"}})["reasoning"] == {"effort": "low"}
    assert body(reasoning_effort="low")["reasoning_effort"] == "low"


def test_stream_requests_usage(chat, sandbox):
    model = chat()
    list(model.stream("?"))
    assert sandbox.requests[-1].json["stream_options"] == {"include_usage": True}
    list(chat(stream_usage=False).stream("?"))
    assert "stream_options" not in sandbox.requests[-1].json
    list(model.stream("?", stream_usage=False))
    assert "stream_options" not in sandbox.requests[-1].json
    assert "stream_usage" not in sandbox.requests[-1].json


NAMED = {"type": "function", "function": {"name": "get_weather"}}


@pytest.mark.parametrize(
    ("choice", "one", "several"),
    [
        ("any", NAMED, "required"),
        ("required", NAMED, "required"),
        (True, NAMED, "required"),
        ("get_weather", NAMED, NAMED),
        (NAMED, NAMED, NAMED),
        ("auto", "auto", "auto"),
        ("none", "none", "none"),
        (None, None, None),
        (False, None, None),
    ],
)
def test_tool_choice_accepts_every_form(chat, sandbox, choice, one, several):
    for tools, expected in (([get_weather], one), ([get_weather, get_time], several)):
        chat().bind_tools(tools, tool_choice=choice).invoke("Weather in Paris?")
        assert sandbox.requests[-1].json.get("tool_choice") == expected


def test_unset_parameters_are_not_sent(body):
    sent = body(bind=lambda model: model.bind_tools([get_weather]))
    assert "parallel_tool_calls" not in sent
    assert "strict" not in sent["tools"][0]["function"]
    sent = body(bind=lambda m: m.bind_tools([get_weather], strict=True, parallel_tool_calls=False))
    assert sent["parallel_tool_calls"] is False
    assert sent["tools"][0]["function"]["strict"] is True


def test_agent_response_format_uses_tool(chat, sandbox):
    from langchain.agents import create_agent

    agent = create_agent(chat(), [get_weather], response_format=Joke)
    sandbox.script(
        [{"tool_calls": [{"name": "Joke", "arguments": {"setup": "a", "punchline": "b"}}]}]
    )
    state = agent.invoke({"messages": [("user", "Tell a joke")]})
    assert state["structured_response"] == Joke(setup="a", punchline="b")
    sent = sandbox.requests[-1].json
    assert "response_format" not in sent
    assert [t["function"]["name"] for t in sent["tools"]] == ["get_weather", "Joke"]
    assert all("strict" not in t["function"] for t in sent["tools"])


def test_bind_tools_accepts_agent_arguments(body):
    form = {"type": "json_object"}
    sent = body(bind=lambda m: m.bind_tools([get_weather], strict=None, response_format=form))
    assert sent["response_format"] == form


DATA = f"data:image/png;base64,{PNG}"
IMAGE = {"type": "image_url", "image_url": {"url": DATA}}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": {"url": DATA}},
        {"type": "image_url", "image_url": DATA},
        {"type": "image", "base64": PNG, "mime_type": "image/png"},
        {"type": "image", "source_type": "base64", "data": PNG, "mime_type": "image/png"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image", "url": DATA},
        {"type": "image", "source_type": "url", "url": DATA},
        {"type": "image", "source": {"type": "url", "url": DATA}},
        {"type": "image", "image": base64.b64decode(PNG)},
        {"type": "input_image", "image_url": DATA},
        {"type": "media", "mime_type": "image/png", "data": PNG},
        {"type": "media", "mime_type": "image/png", "file_uri": DATA},
    ],
)
def test_images_of_every_convention_are_sent(chat, sandbox, block):
    question = [{"type": "text", "text": "What is it?"}, block]
    chat(model="gemma4:31b").invoke([HumanMessage(question)])
    parts = sandbox.requests[-1].json["messages"][0]["content"]
    assert parts == [{"type": "text", "text": "What is it?"}, IMAGE]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ("text", {"type": "text", "text": "text"}),
        ({"type": "input_text", "text": "a"}, {"type": "text", "text": "a"}),
        (
            {
                "type": "file",
                "file": {"filename": "a.md", "file_data": "data:text/plain;base64,QQ=="},
            },
            {"type": "text", "text": "a.md:\nA"},
        ),
        ({"type": "text-plain", "text": "a"}, {"type": "text", "text": "a"}),
        ({"type": "text-plain", "base64": "w6k="}, {"type": "text", "text": "é"}),
        ({"type": "file", "source_type": "text", "text": "a"}, {"type": "text", "text": "a"}),
        (
            {"type": "document", "source": {"type": "text", "data": "a"}},
            {"type": "text", "text": "a"},
        ),
        (
            {"type": "audio", "base64": "QQ==", "mime_type": "audio/mp3"},
            {"type": "audio_url", "audio_url": {"url": "data:audio/mp3;base64,QQ=="}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
            {"type": "audio_url", "audio_url": {"url": "data:audio/wav;base64,QQ=="}},
        ),
        (
            {"type": "video", "url": "https://a.example/v.mp4"},
            {"type": "video_url", "video_url": {"url": "https://a.example/v.mp4"}},
        ),
        (
            {"type": "file", "base64": "QQ==", "mime_type": "application/pdf", "filename": "a.pdf"},
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
            },
        ),
        (
            {"type": "file", "base64": "QQ==", "mime_type": "text/csv", "filename": "a.csv"},
            {"type": "text", "text": "a.csv:\nA"},
        ),
        ({"type": "file", "file_id": "f1"}, {"type": "file", "file": {"file_id": "f1"}}),
        ({"type": "odd", "value": 1}, {"type": "odd", "value": 1}),
        (
            {"type": "image", "url": "https://a.example/x.png", "extras": {"detail": "low"}},
            {"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "low"}},
        ),
    ],
)
def test_other_blocks_are_converted(chat, block, part):
    assert chat().build_request([HumanMessage([block])])["messages"][0]["content"] == [part]


def test_block_without_data_raises_before_request(chat, sandbox):
    with pytest.raises(ValueError, match="has no data: set url or base64"):
        chat().invoke([HumanMessage([{"type": "image"}])])
    assert not sandbox.requests


def test_anthropic_blocks_are_converted(chat):
    history = [
        HumanMessage("?"),
        AIMessage(
            [
                {"type": "thinking", "thinking": "Hm."},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "get_time", "input": {"city": "Brest"}},
            ],
        ),
        HumanMessage([{"type": "tool_result", "tool_use_id": "t1", "content": "noon"}]),
    ]
    function = {"name": "get_time", "arguments": '{"city": "Brest"}'}
    assert chat(send_reasoning="always").build_request(history)["messages"][1:] == [
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [{"type": "function", "id": "t1", "function": function}],
            "reasoning_content": "Hm.",
        },
        {"role": "tool", "tool_call_id": "t1", "content": "noon"},
    ]


def test_tool_media_follows_tool_results(chat, sandbox):
    calls = [{"name": "look", "args": {}, "id": i} for i in ("a", "b")]
    shown = [
        {"type": "text", "text": "Here."},
        {"type": "image", "base64": PNG, "mime_type": "image/png"},
    ]
    history = [
        HumanMessage("?"),
        AIMessage("", tool_calls=calls),
        ToolMessage(shown, tool_call_id="a"),
        ToolMessage([{"type": "text", "text": "Done."}], tool_call_id="b"),
        HumanMessage("So?"),
    ]
    chat(model="gemma4:31b").invoke(history)
    assert sandbox.requests[-1].json["messages"][2:] == [
        {"role": "tool", "tool_call_id": "a", "content": "Here."},
        {"role": "tool", "tool_call_id": "b", "content": "Done."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Attached to the tool results above:"}, IMAGE],
        },
        {"role": "user", "content": "So?"},
    ]


def test_images_in_anthropic_tool_results_reach_the_model(chat, sandbox):
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    shown = [{"type": "text", "text": "Taken."}, {"type": "image", "source": source}]
    history = [
        HumanMessage("?"),
        AIMessage([{"type": "tool_use", "id": "t1", "name": "screenshot", "input": {}}]),
        HumanMessage([{"type": "tool_result", "tool_use_id": "t1", "content": shown}]),
    ]
    chat(model="gemma4:31b").invoke(history)
    result, attached = sandbox.requests[-1].json["messages"][2:]
    assert result == {"role": "tool", "tool_call_id": "t1", "content": "Taken."}
    assert attached["content"][1] == IMAGE


def test_tool_result_objects_are_sent_as_json(chat):
    answer = ToolMessage([{"degrees": 20}, "!", {"type": "unknown"}], tool_call_id="a")
    history = [AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "a"}]), answer]
    assert chat().build_request(history)["messages"][-1]["content"] == '{"degrees": 20}!'


def test_names_and_roles(chat):
    sent = chat().build_request([HumanMessage("a", name="Zoé"), ChatMessage("b", role="critic")])
    assert sent["messages"] == [
        {"role": "user", "content": "a", "name": "Zoe"},
        {"role": "critic", "content": "b"},
    ]


def test_blocks_of_version_1_go_back_as_text_and_calls(chat):
    message = AIMessage(
        content_blocks=[
            {"type": "reasoning", "reasoning": "Hm."},
            {"type": "text", "text": "I look."},
            {"type": "tool_call", "id": "t1", "name": "get_time", "args": {"city": "Brest"}},
        ]
    )
    sent = chat().build_request([HumanMessage("?"), message])["messages"][1]
    assert sent["content"] == "I look."
    assert sent["reasoning_content"] == "Hm."
    assert sent["tool_calls"][0]["function"]["arguments"] == '{"city": "Brest"}'


def test_unknown_options_are_sent(body):
    sent = body(
        model_kwargs={"min_p": 0.1},
        extra_body={"top_k": 5},
        bind=lambda model: model.bind(logit_bias={"1": 2}),
        call={"seed": 7, "stop": ["END"]},
    )
    wanted = {"min_p": 0.1, "top_k": 5, "logit_bias": {"1": 2}, "seed": 7, "stop": ["END"]}
    assert {name: sent.get(name) for name in wanted} == wanted


def test_misspelled_field_raises(chat):
    with pytest.raises(TypeError, match=r"^ChatLLMaaS\(\) got .*'temprature'"):
        chat(temprature=1)


def test_every_parameter_reaches_the_wire(body):
    told = {
        "temperature": 0.1,
        "top_p": 0.9,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "seed": 3,
        "user": "u",
        "stop": ["a"],
        "max_tokens": 9_000,
    }
    sent = body(**told)
    assert {name: sent[name] for name in told} == told


def test_headers_go_out(chat, sandbox):
    chat(default_headers={"x-team": "a"}).invoke("?", extra_headers={"x-call": "b"})
    headers = sandbox.requests[-1].headers
    assert (headers["x-team"], headers["x-call"]) == ("a", "b")


@pytest.mark.parametrize("said", [{"n": 2}, {"model_kwargs": {"n": 2}}, {"extra_body": {"n": 2}}])
def test_stream_rejects_multiple_choices(chat, sandbox, said):
    with pytest.raises(ValueError, match="n must be 1"):
        [*chat(**said).stream("?")]
    assert not [*sandbox.requests]


DATED = {"id": "c1", "name": "get_weather", "args": {"day": date(2026, 1, 2), "high": float("nan")}}
CALL = AIMessage("", tool_calls=[{"id": "c1", "name": "get_weather", "args": {}}])
FOUND = {"type": "search_result", "title": "T1", "content": [{"type": "text", "text": "T2"}]}
RAN = {"type": "code_execution_result", "code_execution_result": "T1", "outcome": 1}


@pytest.mark.parametrize(
    "messages",
    [
        [AIMessage("", additional_kwargs={"refusal": "T1"}), HumanMessage("T2")],
        [AIMessage([{"type": "refusal", "refusal": "T1"}]), HumanMessage("T2")],
        [CALL, ToolMessage([FOUND], tool_call_id="c1")],
        [AIMessage([RAN, {"type": "text", "text": "T2"}]), HumanMessage("T2")],
        [ChatMessage("T1", role="critic"), HumanMessage("T2")],
    ],
    ids=["refusal", "refusal block", "search result", "code", "role"],
)
@pytest.mark.parametrize("model", ["mistral-small4:119b", "qwen3.6:27b", "gpt-oss:120b"])
def test_every_text_of_a_history_is_sent(body, messages, model):
    sent = str(body([HumanMessage("Hi"), *messages], model=model)["messages"])
    assert ("T1" in sent, "T2" in sent) == (True, True)


def test_non_json_tool_arguments_are_sent(body):
    history = [
        HumanMessage("Hi"),
        AIMessage("", tool_calls=[DATED]),
        ToolMessage("ok", tool_call_id="c1"),
    ]
    call = body(history)["messages"][1]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"day": "2026-01-02", "high": None}


def test_llm_output_sums_tokens(chat, sandbox):
    messages = [[HumanMessage("a")], [HumanMessage("b")]]
    result = chat().generate(messages)
    counts = [g[0].message.usage_metadata for g in result.generations]
    told = result.llm_output["token_usage"]
    assert told["prompt_tokens"] == sum(c["input_tokens"] for c in counts)
    assert told["cost_micro_eur"] == sum(c["cost_micro_eur"] for c in counts)


def test_extra_engine_fields_are_kept(chat, sandbox):
    message = {"role": "assistant", "content": "hi"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    more = {"system_fingerprint": "fp_1", "service_tier": "default"}
    sandbox.script([{"json": {"model": "m", "choices": [choice], **more}}])
    facts = chat().invoke("a").response_metadata
    assert (facts["system_fingerprint"], facts["service_tier"]) == ("fp_1", "default")
