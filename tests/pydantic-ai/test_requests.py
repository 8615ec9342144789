"""What is sent of a history, of settings, of tools and of files."""

import base64

import pytest
from pydantic import BaseModel
from pydantic_ai import (
    Agent,
    BinaryContent,
    DocumentUrl,
    ImageUrl,
    ModelRetry,
    NativeOutput,
    PromptedOutput,
    ToolOutput,
    ToolReturn,
)
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters, override_allow_model_requests
from pydantic_ai.settings import ToolOrOutput
from pydantic_ai.tools import ToolDefinition

from pydantic_ai_llmaas import LLMaaSModelSettings

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
STRICT = "mistral-small4:119b"


class City(BaseModel):
    """A city."""

    name: str


async def test_settings_are_sent_by_their_names(model, ask, sandbox, sent):
    sandbox.script([{"content": "Oui."}])
    settings = LLMaaSModelSettings(
        max_tokens=77,
        temperature=0.1,
        top_p=0.9,
        top_k=5,
        seed=3,
        stop_sequences=["."],
        presence_penalty=0.1,
        extra_headers={"x-team": "a"},
        extra_body={"min_p": 0.1},
        llmaas_repetition_penalty=1.1,
    )
    await ask(model, model_settings=settings)
    told = {"max_tokens": 77, "temperature": 0.1, "top_p": 0.9, "top_k": 5, "seed": 3}
    told |= {"presence_penalty": 0.1, "min_p": 0.1, "repetition_penalty": 1.1}
    assert told.items() <= sent().items()
    assert sent()["stop"] == ["."]
    assert list(sandbox.requests)[-1].headers["x-team"] == "a"


@pytest.mark.parametrize(("thinking", "effort"), [("low", "low"), ("max", "xhigh")])
async def test_thinking_sets_the_effort(make_model, sandbox, sent, thinking, effort):
    sandbox.script([{"content": "Oui."}])
    await Agent(make_model("gpt-oss:120b")).run("Bonjour", model_settings={"thinking": thinking})
    assert sent()["reasoning_effort"] in (effort, "high")


async def test_thinking_false_switches_it_off(make_model, sandbox, sent):
    sandbox.script([{"content": "Oui."}])
    await Agent(make_model("qwen3.6:27b")).run("Bonjour", model_settings={"thinking": False})
    assert sent()["chat_template_kwargs"]["enable_thinking"] is False


async def test_max_retries_of_a_call(model, ask, sandbox):
    sandbox.script([{"status": 500, "json": {}}, {"content": "Oui."}])
    assert (await ask(model, model_settings={"max_retries": 1})).output == "Oui."
    assert len(sandbox.requests) == 2


async def test_fallbacks(model, ask, sandbox):
    sandbox.script([{"status": 404, "json": {"error": {"code": "model_not_found"}}}])
    response = (await ask(model, model_settings={"llmaas_fallbacks": [STRICT]})).response
    assert response.model_name == STRICT
    assert [each["model"] for each in response.provider_details["attempts"]][-1] == STRICT


async def test_instructions_and_system_prompts_come_first(model, ask, sandbox, sent):
    sandbox.script([{"content": "Oui."}])
    await ask(Agent(model, instructions="Be brief.", system_prompt="You are Ada."))
    assert sent()["messages"][-1] == {"role": "user", "content": "Bonjour"}
    system = str(sent()["messages"][:-1])
    assert "You are Ada." in system
    assert "Be brief." in system


async def test_history_is_replayed_on_a_strict_model(make_model, ask, sandbox, sent):
    """System prompts in mid-conversation, consecutive users, foreign ids: the core conforms."""
    history = [
        ModelRequest([SystemPromptPart("Be brief."), UserPromptPart("Weather in Paris?")]),
        ModelResponse([ThinkingPart("Hm."), ToolCallPart("get_weather", {"city": "Paris"}, "c!1")]),
        ModelRequest([ToolReturnPart("get_weather", {"celsius": 18}, "c!1")]),
        ModelResponse([TextPart("18 degrees.")]),
        ModelRequest([SystemPromptPart("Answer in French."), UserPromptPart("And")]),
        ModelRequest([UserPromptPart("Lyon?")]),
    ]
    sandbox.script([{"content": "Oui."}])
    result = await ask(Agent(make_model(STRICT)), "Alors ?", message_history=history)
    assert result.output == "Oui."
    messages = sent()["messages"]
    assert [m["role"] for m in messages].count("system") == 1
    (call,) = next(m["tool_calls"] for m in messages if m.get("tool_calls"))
    assert call["id"] == next(m["tool_call_id"] for m in messages if m["role"] == "tool")
    assert not [m for m in messages if "reasoning_content" in m]


@pytest.mark.parametrize(("send", "sends"), [("auto", True), ("always", True), ("never", False)])
async def test_thinking_goes_back_within_the_turn(make_model, ask, sandbox, sent, send, sends):
    sandbox.script(
        [
            {"reasoning": "Look it up.", "tool_calls": [{"name": "look", "arguments": {}}]},
            {"content": "Oui."},
        ]
    )
    await ask(Agent(make_model(send_reasoning=send), tools=[look]))
    (assistant,) = [m for m in sent()["messages"] if m["role"] == "assistant"]
    assert (assistant.get("reasoning_content") == "Look it up.") is sends


def look() -> str:
    """Look."""
    return "seen"


async def test_tools_are_described(model, ask, sandbox, sent):
    sandbox.script([{"content": "Oui."}])

    def get_weather(city: str) -> str:
        """Weather in a city."""
        return city

    await ask(Agent(model, tools=[get_weather]), model_settings={"parallel_tool_calls": False})
    (tool,) = sent()["tools"]
    assert tool["function"]["name"] == "get_weather"
    assert tool["function"]["description"] == "Weather in a city."
    assert tool["function"]["parameters"]["required"] == ["city"]
    assert sent()["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("choice", "names", "wire"),
    [
        (None, ["a", "b"], "auto"),
        ("required", ["a", "b"], "required"),
        (["b"], ["b"], {"type": "function", "function": {"name": "b"}}),
        (ToolOrOutput(function_tools=["a"]), ["a"], "auto"),
        ("none", ["a", "b"], "none"),
    ],
)
async def test_tool_choice(model, sandbox, sent, choice, names, wire):
    sandbox.script([{"content": "Oui."}])
    tools = [ToolDefinition(name=name, description=name) for name in "ab"]
    parameters = ModelRequestParameters(function_tools=tools, allow_text_output=True)
    settings = {"tool_choice": choice} if choice is not None else None
    await model_request(
        model,
        [ModelRequest([UserPromptPart("Bonjour")])],
        model_settings=settings,
        model_request_parameters=parameters,
    )
    assert [tool["function"]["name"] for tool in sent().get("tools", [])] == names
    assert sent().get("tool_choice", "auto") == wire


async def test_unknown_tool_choice_is_refused(model, sandbox):
    parameters = ModelRequestParameters(function_tools=[ToolDefinition(name="a")])
    with pytest.raises(UserError, match=r"tool_choice .*'a'.*'z'"):
        await model_request(
            model,
            [ModelRequest([UserPromptPart("Bonjour")])],
            model_settings={"tool_choice": ["z"]},
            model_request_parameters=parameters,
        )
    assert not sandbox.requests


async def test_tool_output_offers_one_tool_which_must_be_called(model, ask, sandbox, sent):
    call = {"name": "final_result", "arguments": {"name": "Nantes"}}
    sandbox.script([{"tool_calls": [call]}])
    assert (await ask(Agent(model, output_type=ToolOutput(City)))).output == City(name="Nantes")
    assert sent()["tool_choice"] == {"type": "function", "function": {"name": "final_result"}}
    assert "response_format" not in sent()


async def test_native_output_sends_the_schema(model, ask, sandbox, sent):
    sandbox.script([{"content": '```json\n{"name": "Nantes"}\n```'}])
    assert (await ask(Agent(model, output_type=NativeOutput(City)))).output == City(name="Nantes")
    described = sent()["response_format"]["json_schema"]
    assert described["name"] == "City"
    assert described["schema"]["required"] == ["name"]


async def test_prompted_output_asks_for_json(model, ask, sandbox, sent):
    sandbox.script([{"content": '{"name": "Nantes"}'}])
    assert (await ask(Agent(model, output_type=PromptedOutput(City)))).output == City(name="Nantes")
    assert sent()["response_format"] == {"type": "json_object"}
    assert '"name"' in str(sent()["messages"])


async def test_a_model_without_tools_has_native_output_by_default(make_model, ask, sandbox, sent):
    sandbox.script([{"content": '{"name": "Nantes"}'}])
    agent = Agent(make_model("translategemma:27b"), output_type=City)
    assert (await ask(agent)).output == City(name="Nantes")
    assert "tools" not in sent()


async def test_images_are_sent_beside_text(make_model, ask, sandbox, sent):
    sandbox.script([{"content": "Un chat."}])
    url = ImageUrl("https://example.com/a.png", vendor_metadata={"detail": "low"})
    await ask(
        make_model("gemma4:31b"), ["Quoi ?", BinaryContent(PIXEL, media_type="image/png"), url]
    )
    text, data, link = sent()["messages"][-1]["content"]
    assert text == {"type": "text", "text": "Quoi ?"}
    assert data["image_url"]["url"].startswith("data:image/png;base64,")
    assert link["image_url"] == {"url": "https://example.com/a.png", "detail": "low"}


async def test_images_of_a_tool_follow_its_result(make_model, ask, sandbox, sent):
    def screenshot() -> ToolReturn:
        """Take a picture."""
        return ToolReturn("done", content=[BinaryContent(PIXEL, media_type="image/png")])

    sandbox.script([{"tool_calls": [{"name": "screenshot", "arguments": {}}]}, {"content": "Ok"}])
    assert (await ask(Agent(make_model("gemma4:31b"), tools=[screenshot]))).output == "Ok"
    assert [m["role"] for m in sent()["messages"]][-2:] == ["tool", "user"]
    assert "image_url" in str(sent()["messages"][-1])


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/json", "application/ld+json; charset=utf-8"]
)
async def test_text_files_are_sent_as_text_and_others_refused(
    model, ask, sandbox, sent, media_type
):
    sandbox.script([{"content": "Oui."}])
    await ask(model, ["Lis.", BinaryContent(b"un\n", media_type=media_type)])
    assert sent()["messages"][-1]["content"] == "Lis.\n\nun\n"
    with pytest.raises(UserError, match="application/pdf"):
        await ask(model, [BinaryContent(b"%PDF", media_type="application/pdf")])


async def test_document_is_downloaded_and_sent_as_text_when_it_is_text(model, ask, sandbox, sent):
    url = f"{sandbox.root_url}/openapi.json"
    document = DocumentUrl(url, media_type="application/json", force_download="allow-local")
    await ask(model, ["Lis.", document])
    assert '"title":"LLMaaS sandbox"' in sent()["messages"][-1]["content"]


async def test_agent_goes_on_when_a_tool_returns_json_as_a_file(model, ask, sandbox, sent):
    def report() -> BinaryContent:
        """Return the report."""
        return BinaryContent(b'{"total": 3}', media_type="application/json")

    sandbox.script([{"tool_calls": [{"name": "report", "arguments": {}}]}, {"content": "Ok"}])
    assert (await ask(Agent(model, tools=[report]))).output == "Ok"
    assert '{"total": 3}' in sent()["messages"][-1]["content"]


async def test_a_tool_that_asks_for_a_retry_is_answered(model, ask, sandbox, sent):
    def count(n: int) -> str:
        """Count."""
        if n < 2:
            raise ModelRetry("n must be at least 2")
        return "counted"

    calls = [{"tool_calls": [{"name": "count", "arguments": {"n": n}}]} for n in (1, 2)]
    sandbox.script([*calls, {"content": "Fini."}])
    result = await ask(Agent(model, tools=[count], retries=1))
    assert result.output == "Fini."
    results = [m["content"] for m in sent()["messages"] if m["role"] == "tool"]
    assert "n must be at least 2" in results[0]
    assert results[1] == "counted"


async def test_an_output_that_does_not_match_is_asked_for_again(model, ask, sandbox):
    wrong = {"tool_calls": [{"name": "final_result", "arguments": {"nom": "Nantes"}}]}
    right = {"tool_calls": [{"name": "final_result", "arguments": {"name": "Nantes"}}]}
    sandbox.script([wrong, right])
    assert (await ask(Agent(model, output_type=City, retries=1))).output == City(name="Nantes")
    assert len(sandbox.requests) == 2


async def test_model_requests_can_be_forbidden(model, sandbox):
    with override_allow_model_requests(False), pytest.raises(RuntimeError, match="not allowed"):
        await Agent(model).run("Bonjour")
    assert not sandbox.requests
