"""The LLM at the wire: requests, agents, structured predictions, tokens, secrets."""

import asyncio
import base64
import json
import pickle

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import (
    ChatMessage,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
)
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.program.function_program import FunctionCallingProgram
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

import llmaas
from llama_index.llms.llmaas import LLMaaS, approximate_tokenizer

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class City(BaseModel):
    name: str


class Trip(BaseModel):
    stops: list[City]


def get_weather(city: str) -> str:
    """Weather in a city."""
    return f"18 degrees in {city}"


WEATHER = FunctionTool.from_defaults(get_weather)


def sent(sandbox):
    return sandbox.requests[-1].json


def test_complete_sends_one_user_message(sandbox, make_llm, either):
    llm = make_llm(temperature=0.1)
    response = either(llm.complete, llm.acomplete, 'Say "Oui"', seed=7)
    assert response.text == "Oui"
    assert response.additional_kwargs["cost_micro_eur"] > 0
    body = sent(sandbox)
    assert body["messages"] == [{"role": "user", "content": 'Say "Oui"'}]
    assert (body["temperature"], body["seed"]) == (0.1, 7)


def test_streamed_completion_hands_out_deltas(make_llm, either):
    llm = make_llm()

    async def read():
        return [part async for part in await llm.astream_complete('Say "un deux trois"')]

    parts = either(lambda: [*llm.stream_complete('Say "un deux trois"')], read)
    assert "".join(part.delta for part in parts) == parts[-1].text == "un deux trois"


def test_streamed_reasoning_is_a_delta_of_its_own(make_llm):
    responses = [*make_llm().stream_chat([ChatMessage("Pourquoi ?")])]
    thoughts = "".join(r.additional_kwargs.get("thinking_delta", "") for r in responses)
    assert thoughts
    assert responses[-1].message.blocks[0].content == thoughts


def test_text_and_image_are_one_message(sandbox, make_llm, ask, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PIXEL)
    for image in (ImageBlock(image=PIXEL), ImageBlock(path=path)):
        ask(make_llm(model="gemma4:31b"), [ChatMessage([TextBlock(text="?"), image])])
        (message,) = sent(sandbox)["messages"]
        assert [part["type"] for part in message["content"]] == ["text", "image_url"]
        assert message["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_text_document_is_sent_as_text(sandbox, make_llm, ask, tmp_path):
    path = tmp_path / "notes.md"
    path.write_text("Rome", "utf-8")
    typed = DocumentBlock(data=b"a;1", document_mimetype="text/csv", title="a.csv")
    ask(make_llm(), [ChatMessage([TextBlock(text="?"), typed, DocumentBlock(path=path)])])
    (message,) = sent(sandbox)["messages"]
    assert message["content"] == "?\na.csv:\na;1\nnotes.md:\nRome"


def test_reasoning_goes_back_within_the_turn_only(sandbox, make_llm):
    thought = ChatMessage([ThinkingBlock(content="Hm."), TextBlock(text="Oui")], role="assistant")
    history = [ChatMessage("Un ?"), thought, ChatMessage("Deux ?"), thought]
    bodies = make_llm(conform=False).request(history)["messages"]
    assert ["reasoning_content" in body for body in bodies] == [False, False, False, True]


@pytest.mark.filterwarnings("ignore:The `__fields__` attribute")  # LlamaIndex reads it
@pytest.mark.filterwarnings("ignore:The `__fields_set__` attribute")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_agent_calls_its_tool(make_llm):
    agent = FunctionAgent(tools=[WEATHER], llm=make_llm(), streaming=True)

    async def run():
        return await agent.run("What is the weather in Paris?")

    assert "18 degrees in Paris" in str(asyncio.run(run()))


def test_predict_and_call_runs_one_tool(make_llm, either):
    llm = make_llm()
    answer = either(
        llm.predict_and_call, llm.apredict_and_call, [WEATHER], "What is the weather in Paris?"
    )
    assert answer.response == "18 degrees in Paris"


def test_streamed_program_ends_with_the_arguments_of_its_call(sandbox, make_llm, either):
    """LlamaIndex finds streamed calls in ``additional_kwargs`` only."""
    step = {"tool_calls": [{"name": "City", "arguments": {"name": "Nantes"}}], "reasoning": "Hm."}
    sandbox.script([step])
    program = FunctionCallingProgram.from_defaults(
        output_cls=City, prompt_template_str="?", llm=make_llm()
    )

    async def read():
        return [value async for value in await program.astream_call()]

    assert either(lambda: [*program.stream_call()], read)[-1] == City(name="Nantes")


def test_calls_are_sent_back_once(sandbox, make_llm, ask):
    sandbox.script([{"tool_calls": [{"name": "get_weather", "arguments": {"city": "Metz"}}]}])
    llm = make_llm()
    answer = ask(llm, "?", tools=[WEATHER.metadata.to_openai_tool()]).message
    (call,) = answer.additional_kwargs["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Metz"}'}
    result = ChatMessage("18", role="tool", additional_kwargs={"tool_call_id": call["id"]})
    (again,) = llm.request([ChatMessage("?"), answer, result])["messages"][1]["tool_calls"]
    assert again["function"]["name"] == "get_weather"


def test_first_call_is_kept_when_parallel_calls_are_not_allowed(sandbox, make_llm, either):
    calls = [{"name": "get_weather", "arguments": {"city": city}} for city in ("Metz", "Nice")]
    sandbox.script([{"tool_calls": calls}])
    llm = make_llm()
    response = either(llm.chat_with_tools, llm.achat_with_tools, [WEATHER], "?")
    (call,) = llm.get_tool_calls_from_response(response)
    assert call.tool_kwargs == {"city": "Metz"}
    assert len(response.message.additional_kwargs["tool_calls"]) == 1


def test_truncated_call_is_never_run(sandbox, make_llm, ask):
    call = {"name": "get_weather", "arguments": '{"city": "Par'}
    sandbox.script([{"tool_calls": [call], "finish_reason": "length"}])
    llm = make_llm()
    response = ask(llm, "?", tools=[WEATHER.metadata.to_openai_tool()])
    assert llm.get_tool_calls_from_response(response, error_on_no_tool_call=False) == []
    (invalid,) = response.message.additional_kwargs["invalid_tool_calls"]
    assert (invalid["name"], invalid["arguments"]) == ("get_weather", '{"city": "Par')
    with pytest.raises(ValueError, match="max_tokens"):
        llm.get_tool_calls_from_response(response)


def test_tool_is_forced_when_required(sandbox, make_llm):
    make_llm().chat_with_tools([WEATHER], "Weather in Paris", tool_required=True)
    assert sent(sandbox)["tool_choice"] in ("required", {"type": "function", "function": {"name": "get_weather"}})  # fmt: skip # noqa: E501


def test_structured_predict_uses_response_format(sandbox, make_llm, either):
    sandbox.script([{"content": '```json\n{"stops": [{"name": "Nantes"}]}\n```'}])
    llm = make_llm()
    prompt = PromptTemplate("The trip to {city}.")
    predict = llm.structured_predict, llm.astructured_predict
    assert either(*predict, Trip, prompt, city="Nantes") == Trip(stops=[City(name="Nantes")])
    body = sent(sandbox)
    assert body["response_format"]["type"] == "json_schema"
    assert "tools" not in body


def test_structured_predict_repairs_once_then_fails(sandbox, make_llm, either):
    sandbox.script([{"content": "Nantes"}, {"content": "Nantes, vraiment"}])
    llm = make_llm()
    with pytest.raises(llmaas.StructuredOutputError):
        either(llm.structured_predict, llm.astructured_predict, City, PromptTemplate("?"))
    assert len(sandbox.requests) == 2


def test_structured_stream_ends_with_the_whole_object(make_llm, either):
    llm, prompt = make_llm(), PromptTemplate('The city is "Nantes".')

    async def read():
        return [value async for value in await llm.astream_structured_predict(City, prompt)]

    values = either(lambda: [*llm.stream_structured_predict(City, prompt)], read)
    assert values[-1] == City(name="Nantes")


def test_structured_stream_fails_when_the_text_does_not_match(sandbox, make_llm):
    sandbox.script([{"content": '{"town": 1}'}])
    with pytest.raises(llmaas.StructuredOutputError):
        [*make_llm().stream_structured_predict(City, PromptTemplate("?"))]


def test_token_counter_takes_the_counts_of_the_service(make_llm, ask):
    counter = TokenCountingHandler(tokenizer=approximate_tokenizer)
    llm = make_llm(callback_manager=CallbackManager([counter]))
    facts = ask(llm, 'Say "Oui"').additional_kwargs
    assert counter.prompt_llm_token_count == facts["prompt_tokens"]
    assert counter.completion_llm_token_count == facts["completion_tokens"]


def test_metadata_comes_from_the_catalog():
    known = LLMaaS(model="gpt-oss:120b", api_key="sk-a").metadata
    assert (known.context_window, known.is_function_calling_model) == (131_072, True)
    own = LLMaaS(model="x", context_window=5000, max_tokens=7, api_key="sk-a").metadata
    assert (own.context_window, own.num_output, own.model_name) == (5000, 7, "x")


def test_raw_is_plain_json(make_llm, ask):
    assert json.loads(json.dumps(ask(make_llm(), "?").raw))["usage"]["total_tokens"] > 0


def test_no_dump_or_pickle_holds_a_secret(sandbox):
    told = {"api_key": "sk-secret-1", "default_headers": {"x-key": "secret-2"}}
    llm = LLMaaS(model="gpt-oss:120b", proxy="http://u:secret-3@127.0.0.1:9", **told)
    dumped = pickle.dumps(llm)
    shown = f"{llm!r} {llm.to_json()} {llm.to_payload()} {dumped!r}"
    assert "secret" not in shown
    copy = pickle.loads(dumped)
    assert copy.complete('Say "Oui"').text == "Oui"
    assert LLMaaS.from_dict(llm.to_dict()).complete('Say "Oui"').text == "Oui"
