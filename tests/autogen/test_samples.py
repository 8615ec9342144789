"""Agents in the shape of AutoGen's official samples: a web surfer and Magentic-One.

The samples' own classes need a browser; these lines make the same calls of the model client.
"""

import json

import pytest
from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import MultiModalMessage, TextMessage
from autogen_agentchat.teams import MagenticOneGroupChat
from autogen_core import Image
from autogen_core.models import AssistantMessage, SystemMessage, UserMessage
from autogen_core.tools import ToolSchema
from PIL import Image as PILImage

from autogen_llmaas import LLMaaSChatCompletionClient

CLICK = ToolSchema(
    name="click",
    description="Click an element of the page.",
    parameters={
        "type": "object",
        "properties": {"target_id": {"type": "integer"}, "reasoning": {"type": "string"}},
        "required": ["target_id", "reasoning"],
    },
)


class WebSurfer(BaseChatAgent):
    """``MultimodalWebSurfer`` without its browser: a screenshot and tools in each request."""

    produced_message_types = (TextMessage, MultiModalMessage)

    def __init__(self, client):
        super().__init__("web_surfer", "Surfs the web.")
        self._client, self.clicked = client, []

    async def on_messages(self, messages, cancellation_token):
        screenshot = Image(PILImage.new("RGB", (320, 240), "white"))
        history = [UserMessage(content=m.to_text(), source=m.source) for m in messages]
        history.append(UserMessage(content=["What next?", screenshot], source=self.name))
        answer = await self._client.create(
            history,
            tools=[CLICK],
            extra_create_args={"tool_choice": "auto", "parallel_tool_calls": False},
            cancellation_token=cancellation_token,
        )
        self.clicked += [json.loads(call.arguments)["target_id"] for call in answer.content]
        shown = MultiModalMessage(content=["Clicked.", screenshot], source=self.name)
        return Response(chat_message=shown)

    async def on_reset(self, cancellation_token):
        pass


def ledger(speaker, *, done):
    """Script the progress ledger of the orchestrator, with a fence and a thought."""
    fields = {
        "is_request_satisfied": done,
        "is_in_loop": False,
        "is_progress_being_made": True,
        "next_speaker": speaker,
        "instruction_or_question": "Open the page.",
    }
    value = {name: {"reason": "so", "answer": answer} for name, answer in fields.items()}
    return {"content": json.dumps(value), "reasoning": "Who is next?"}


@pytest.mark.parametrize("model", ["gemma4:31b", "mistral-small4:119b"])
async def test_magentic_one_team_with_a_web_surfer_ends_with_its_answer(sandbox, model):
    click = {"name": "click", "arguments": '{"target_id": 7, "reasoning": "It is the link."}'}
    sandbox.script(
        [
            {"content": "Facts: none."},
            {"content": "Plan: surf, then compute."},
            ledger("web_surfer", done=False),
            {"tool_calls": [click]},
            ledger("coder", done=False),
            {"content": "```python\nprint(42)\n```"},
            ledger("web_surfer", done=True),
            {"content": "The answer is 42."},
        ]
    )
    client = LLMaaSChatCompletionClient(model, max_retries=0)
    surfer = WebSurfer(client)
    coder = AssistantAgent("coder", client, system_message="Write code.")
    team = MagenticOneGroupChat([surfer, coder], model_client=client)
    result = await team.run(task="Find the number on the page.")
    assert result.messages[-1].content == "The answer is 42."
    assert surfer.clicked == [7]
    assert {request.status for request in sandbox.requests} == {200}
    assert client.total_usage().prompt_tokens > 0


async def test_conversation_of_the_notebooks_is_accepted_with_openai_arguments(sandbox):
    """The official notebooks pass parameters of OpenAI's API in ``extra_create_args``."""
    client = LLMaaSChatCompletionClient("gemma4:31b", max_retries=0)
    named = {"type": "function", "function": {"name": "click"}}
    arguments = [
        {"tool_choice": named},
        {"temperature": 0, "seed": 7, "top_p": 0.5, "max_tokens": 50},
    ]
    history = [
        SystemMessage(content="Be brief."),
        UserMessage(content="Hello", source="user"),
        AssistantMessage(content="Hi", source="assistant"),
        UserMessage(content='Click "7".', source="user"),
    ]
    for extra in arguments:
        await client.create(history, tools=[CLICK], extra_create_args=extra)
        body = list(sandbox.requests)[-1].json
        assert {name: body[name] for name in extra} == extra
    await client.create(history, extra_create_args={"response_format": {"type": "json_object"}})
    assert list(sandbox.requests)[-1].json["response_format"] == {"type": "json_object"}
    await client.create(history, tools=[CLICK], extra_create_args={"tool_choice": "required"})
    assert list(sandbox.requests)[-1].json["tool_choice"] == named  # the only tool
