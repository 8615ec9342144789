"""Conversion of a chat history to messages."""

import base64
from datetime import date
from types import MappingProxyType

import pytest
from pydantic import BaseModel
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.contents import (
    AudioContent,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
    ImageContent,
    TextContent,
)
from semantic_kernel.contents.file_reference_content import FileReferenceContent
from semantic_kernel.contents.reasoning_content import ReasoningContent
from semantic_kernel.contents.utils.author_role import AuthorRole
from semantic_kernel.exceptions import ServiceResponseException

from semantic_kernel_llmaas.errors import LLMaaSInvalidInputError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CALL = FunctionCallContent(id="call-1", name="weather-get_weather", arguments='{"city": "Paris"}')


def history(*messages):
    return ChatHistory(messages=list(messages))


def message(role, *items, **rest):
    return ChatMessageContent(role=role, items=list(items), **rest)


@pytest.fixture
def sent(ask, sandbox, chat):
    """Send a history and return the messages on the wire."""

    async def sent(*messages, service=chat):
        sandbox.script([{"content": "ok"}])
        await ask(service, history(*messages))
        return sandbox.requests[-1].json["messages"]

    return sent


async def test_text_beside_tool_calls_is_kept(sent):
    text = TextContent(text="I look.")
    result = FunctionResultContent(id="call-1", name="weather-get_weather", result="sunny")
    wire = await sent(
        message(AuthorRole.USER, TextContent(text="?")),
        message(AuthorRole.ASSISTANT, text, CALL),
        message(AuthorRole.TOOL, result),
    )
    assert wire[1] == {
        "role": "assistant",
        "content": "I look.",
        "tool_calls": [
            {
                "id": "call-1",
                "type": "function",
                "function": {"name": "weather-get_weather", "arguments": '{"city": "Paris"}'},
            }
        ],
    }


async def test_tool_calls_without_text_have_a_null_content(sent):
    wire = await sent(message(AuthorRole.ASSISTANT, CALL))
    assert wire[0]["content"] is None


@pytest.mark.parametrize(
    ("arguments", "written"),
    [(None, "{}"), ("", "{}"), ({"ville": "Orléans"}, '{"ville": "Orléans"}')],
)
async def test_arguments_are_always_json_text(sent, arguments, written):
    call = FunctionCallContent(id="c", name="f", arguments=arguments)
    wire = await sent(message(AuthorRole.ASSISTANT, call))
    assert wire[0]["tool_calls"][0]["function"]["arguments"] == written


async def test_reasoning_is_not_sent(sent):
    thought, text = ReasoningContent(text="Hm."), TextContent(text="Yes.")
    wire = await sent(
        message(AuthorRole.ASSISTANT, thought, text, metadata={"reasoning_content": "Hm."})
    )
    assert wire[0] == {"role": "assistant", "content": "Yes."}


@pytest.mark.parametrize("where", ["items", "metadata"])
async def test_reasoning_is_sent_when_asked(sent, make, where):
    items = [ReasoningContent(text="Hm.")] if where == "items" else []
    metadata = {"reasoning_content": "Hm."} if where == "metadata" else {}
    answer = message(AuthorRole.ASSISTANT, *items, TextContent(text="Yes."), metadata=metadata)
    wire = await sent(answer, service=make(send_reasoning=True))
    assert wire[0] == {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}


async def test_several_results_are_several_messages(sent):
    results = [
        FunctionResultContent(id="a", name="f", result="1"),
        FunctionResultContent(id="b", name="g", result="2"),
    ]
    calls = [FunctionCallContent(id="a", name="f"), FunctionCallContent(id="b", name="g")]
    wire = await sent(
        message(AuthorRole.USER, TextContent(text="?")),
        message(AuthorRole.ASSISTANT, *calls),
        message(AuthorRole.TOOL, *results),
    )
    assert wire[2:] == [
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
    ]


JSON_OF_KEYS = """{"2026-01-02": {"('a', 1)": [true]}, "3": null}"""
RING: list[object] = []
RING.append(RING)


class City(BaseModel):
    name: str


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("sunny", "sunny"),
        (21.5, "21.5"),
        ({"ville": "Orléans"}, '{"ville": "Orléans"}'),
        ([City(name="Nîmes")], '[{"name": "Nîmes"}]'),
        (City(name="Nîmes"), '{"name":"Nîmes"}'),
        ({date(2026, 1, 2): {("a", 1): [True]}, 3: None}, JSON_OF_KEYS),
        (MappingProxyType({"ville": "Orléans"}), '{"ville": "Orléans"}'),
        (RING, "[[...]]"),
    ],
)
async def test_results_are_text(sent, value, written):
    wire = await sent(
        message(AuthorRole.USER, TextContent(text="?")),
        message(AuthorRole.ASSISTANT, FunctionCallContent(id="a", name="f")),
        message(AuthorRole.TOOL, FunctionResultContent(id="a", name="f", result=value)),
    )
    assert wire[-1]["content"] == written


async def test_tool_message_with_text_only_answers_the_call_before_it(sent):
    wire = await sent(
        message(AuthorRole.USER, TextContent(text="?")),
        message(AuthorRole.ASSISTANT, CALL),
        ChatMessageContent(role=AuthorRole.TOOL, content="21 degrees"),
    )
    assert wire[-1] == {"role": "tool", "tool_call_id": "call-1", "content": "21 degrees"}


async def test_tool_result_shows_its_picture_to_the_model(sent):
    result = FunctionResultContent(
        id="call-1", name="f", result=[TextContent(text="seen"), PICTURE]
    )
    wire = await sent(
        message(AuthorRole.USER, TextContent(text="?")),
        message(AuthorRole.ASSISTANT, CALL),
        message(AuthorRole.TOOL, result),
    )
    assert wire[2] == {"role": "tool", "tool_call_id": "call-1", "content": "seen"}
    assert wire[3]["role"] == "user"
    assert wire[3]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


PICTURE = ImageContent(data=PNG, data_format="base64", mime_type="image/png")
SAID = ChatMessageContent(role="assistant", content="deux", metadata={"reasoning_content": "Hm."})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ([SAID], "deux"),
        ([TextContent(text="un"), SAID], "un\ndeux"),
        ({"said": SAID}, '{"said": "deux"}'),
        ([], "[]"),
    ],
)
async def test_results_that_are_contents_are_their_text(sent, value, written):
    result = FunctionResultContent(id="call-1", name="weather-get_weather", result=value)
    wire = await sent(
        message(AuthorRole.USER, TextContent(text="?")),
        message(AuthorRole.ASSISTANT, CALL),
        message(AuthorRole.TOOL, result),
    )
    assert wire[-1]["content"] == written


async def test_prompt_function_result_is_its_text(sandbox, chat, kernel, ask):
    """A prompt is a function too: what the other model thought, and all metadata, stay here."""
    kernel.add_function("words", function_name="talk", prompt="Say '{{$word}}'", description="d")
    sandbox.script([{"tool_calls": [{"name": "words-talk", "arguments": {"word": "oui"}}]}])
    settings = chat.instantiate_prompt_execution_settings(
        function_choice_behavior=FunctionChoiceBehavior.Auto()
    )
    await ask(chat, "?", settings, kernel=kernel)
    (result,) = (m for m in sandbox.requests[-1].json["messages"] if m["role"] == "tool")
    assert result["content"] == "oui"


@pytest.mark.parametrize("beside", [(), (PICTURE,)], ids=["text", "image"])
async def test_unsendable_content_is_reported(sent, caplog, beside):
    file = FileReferenceContent(file_id="f1")
    (wire,) = await sent(message(AuthorRole.USER, TextContent(text="Lis."), file, *beside))
    assert "FileReferenceContent" in caplog.text
    assert "f1" not in str(wire)


async def test_names_of_agents_leave_their_instructions(sent):
    wire = await sent(
        ChatMessageContent(role="system", content="Be brief.", name="Wea"),
        ChatMessageContent(role="user", content="Hi", name="Zoé Martin"),
        ChatMessageContent(role="assistant", content="Hello", name="Wea"),
    )
    assert wire == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi", "name": "Zoe_Martin"},
        {"role": "assistant", "content": "Hello", "name": "Wea"},
    ]


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_developer_messages_are_sent_as_system_messages(sent, make, role):
    """Most chat templates drop or refuse the role of a developer."""
    said = ChatMessageContent(role="developer", content="Be brief.")
    question = message(AuthorRole.USER, TextContent(text="?"))
    wire = await sent(said, question, service=make(instruction_role=role))
    assert wire[0] == {"role": "system", "content": "Be brief."}


async def test_text_and_image_are_two_parts(sent):
    image = ImageContent(data=PNG, data_format="base64", mime_type="image/png")
    wire = await sent(message(AuthorRole.USER, TextContent(text="What is it?"), image))
    uri = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert wire == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": uri}},
            ],
        }
    ]


async def test_images_by_path_and_by_address(sent, tmp_path):
    path = tmp_path / "dot.png"
    path.write_bytes(PNG)
    images = [
        ImageContent.from_image_file(str(path)),
        ImageContent(uri="https://example.org/dot.png", metadata={"detail": "low"}),
    ]
    wire = await sent(message(AuthorRole.USER, *images))
    from_file, address = (part["image_url"] for part in wire[0]["content"])
    assert from_file["url"].startswith("data:image/png;base64,")
    assert address == {"url": "https://example.org/dot.png", "detail": "low"}


@pytest.mark.parametrize("known", [{"mime_type": "image/png"}, {}], ids=["typed", "bytes alone"])
async def test_image_is_sent_when_its_bytes_have_no_data_format(sent, known):
    wire = await sent(message(AuthorRole.USER, ImageContent(data=PNG, **known)))
    uri = wire[0]["content"][0]["image_url"]["url"]
    assert uri == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


async def test_image_whose_uri_is_a_file_s_name_opens_no_file(sandbox, chat, ask, tmp_path):
    path = tmp_path / "dot.png"
    path.write_bytes(PNG)
    image = message(AuthorRole.USER, ImageContent(uri=str(path)))
    with pytest.raises(LLMaaSInvalidInputError, match="local file"):
        await ask(chat, history(image))
    assert not sandbox.requests


@pytest.mark.parametrize("data_format", ["base64", None])
async def test_audio_is_sent_as_audio_url(sandbox, chat, stream, data_format):
    sound = AudioContent(data=b"RIFF\xff", data_format=data_format, mime_type="audio/wav")
    with pytest.raises(ServiceResponseException):  # no model here hears: 502, as documented
        await stream(chat, history(message(AuthorRole.USER, TextContent(text="?"), sound)))
    part = sandbox.requests[-1].json["messages"][0]["content"][1]
    assert part == {
        "type": "audio_url",
        "audio_url": {"url": f"data:audio/wav;base64,{base64.b64encode(sound.data).decode()}"},
    }


async def test_history_survives_its_own_serialisation(sandbox, chat, ask):
    sandbox.script([{"content": "Yes.", "reasoning": "Hm.", "fault": "reasoning_content"}])
    answer = await ask(chat, "?")
    before = history(ChatMessageContent(role="user", content="?"), answer)
    after = ChatHistory.restore_chat_history(before.serialize())
    assert after.messages[1].content == "Yes."
    assert after.messages[1].metadata["reasoning_content"] == "Hm."


@pytest.mark.parametrize("role", [AuthorRole.ASSISTANT, AuthorRole.USER])
async def test_results_are_sent_when_they_are_not_in_a_tool_message(sent, role):
    result = FunctionResultContent(id="call-1", name="weather-get_weather", result="21 degrees")
    question = message(AuthorRole.USER, TextContent(text="Weather?"))
    if role == AuthorRole.ASSISTANT:
        messages = [message(role, CALL, result)]
    else:
        messages = [
            message(AuthorRole.ASSISTANT, CALL),
            message(role, result, TextContent(text="Go on.")),
        ]
    wire = await sent(question, *messages)
    roles = [each["role"] for each in wire]
    assert roles[:3] == ["user", "assistant", "tool"]
    assert wire[2]["content"] == "21 degrees"
    assert ("Go on." in str(wire)) is (role == AuthorRole.USER)
