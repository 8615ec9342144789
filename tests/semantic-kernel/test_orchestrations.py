"""Sequential, Concurrent, GroupChat, Handoff and Magentic."""

import pytest
from pydantic import BaseModel
from semantic_kernel.agents import (
    ChatCompletionAgent,
    ConcurrentOrchestration,
    GroupChatOrchestration,
    HandoffOrchestration,
    MagenticOrchestration,
    OrchestrationHandoffs,
    RoundRobinGroupChatManager,
    SequentialOrchestration,
    StandardMagenticManager,
)
from semantic_kernel.agents.orchestration.tools import structured_outputs_transform
from semantic_kernel.agents.runtime import InProcessRuntime

PATIENCE = 60  # seconds


@pytest.fixture
async def runtime():
    runtime = InProcessRuntime()
    runtime.start()
    yield runtime
    await runtime.stop_when_idle()


@pytest.fixture
def team(make):
    """Two agents: one whose model reasons, one whose model does not."""
    writer = ChatCompletionAgent(
        service=make("gpt-oss:120b"), name="Writer", description="Writes", instructions="Write."
    )
    critic = ChatCompletionAgent(
        service=make("gemma4:31b"), name="Critic", description="Judges", instructions="Judge."
    )
    return [writer, critic]


async def result_of(orchestration, runtime, task="Write a slogan"):
    started = await orchestration.invoke(task, runtime)
    return await started.get(timeout=PATIENCE)


async def test_sequential(sandbox, team, runtime):
    sandbox.script([{"content": "A draft.", "reasoning": "Hm."}, {"content": "A verdict."}])
    streamed, answers = [], []
    orchestration = SequentialOrchestration(
        members=team,
        agent_response_callback=answers.append,
        streaming_agent_response_callback=lambda chunk, final: streamed.append((chunk, final)),
    )
    assert str(await result_of(orchestration, runtime)) == "A verdict."
    assert [answer.name for answer in answers] == ["Writer", "Critic"]
    assert answers[0].metadata["reasoning_content"] == "Hm."
    assert answers[0].metadata["usage"].completion_tokens > 0
    assert [final for _, final in streamed].count(True) == 2
    assert "A draft." in str(sandbox.requests[1].json["messages"])
    assert "Hm." not in str(sandbox.requests[1].json["messages"])


async def test_sequential_with_reasoning_among_the_items(sandbox, make, team, runtime):
    sandbox.script([{"content": "A draft.", "reasoning": "Hm."}, {"content": "A verdict."}])
    team[0] = ChatCompletionAgent(
        service=make("gpt-oss:120b", reasoning="content"), name="Writer", instructions="Write."
    )
    assert str(await result_of(SequentialOrchestration(members=team), runtime)) == "A verdict."
    assert "Hm." not in str(sandbox.requests[1].json["messages"])


async def test_concurrent(sandbox, team, runtime):
    sandbox.script([{"content": "One."}, {"content": "Two."}])
    answers = await result_of(ConcurrentOrchestration(members=team), runtime)
    assert sorted(answer.content for answer in answers) == ["One.", "Two."]


async def test_group_chat(sandbox, team, runtime):
    sandbox.script([{"content": "A draft."}, {"content": "No."}, {"content": "Better."}])
    orchestration = GroupChatOrchestration(
        members=team, manager=RoundRobinGroupChatManager(max_rounds=3)
    )
    assert str(await result_of(orchestration, runtime)) == "Better."
    assert len(sandbox.requests) == 3


async def test_handoff(sandbox, team, runtime):
    hand = {"name": "Handoff-transfer_to_Critic", "arguments": {}}
    done = {"name": "Handoff-complete_task", "arguments": {"task_summary": "All judged."}}
    sandbox.script(
        [{"tool_calls": [hand]}, {"content": "I judged.", "tool_calls": [done]}, {"content": "Bye"}]
    )
    orchestration = HandoffOrchestration(
        members=team,
        handoffs=OrchestrationHandoffs().add("Writer", "Critic", "Hand over what is to be judged"),
    )
    await result_of(orchestration, runtime)
    names = [tool["function"]["name"] for tool in sandbox.requests[0].json["tools"]]
    assert "Handoff-transfer_to_Critic" in names
    assert sandbox.requests[1].json["messages"][0]["content"] == "Judge."


def ledger(satisfied, speaker="Writer"):
    def item(answer):
        return {"reason": "because", "answer": answer}

    return {
        "is_request_satisfied": item(satisfied),
        "is_in_loop": item(False),
        "is_progress_being_made": item(True),
        "next_speaker": item(speaker),
        "instruction_or_question": item("Write a slogan"),
    }


async def test_magentic(sandbox, team, runtime, make):
    import json

    sandbox.script(
        [
            {"content": "The facts."},
            {"content": "The plan."},
            {"content": f"```json\n{json.dumps(ledger(False))}\n```"},  # as some models answer
            {"content": "A slogan."},
            {"content": json.dumps(ledger(True))},
            {"content": "The final slogan."},
        ]
    )
    manager = StandardMagenticManager(chat_completion_service=make())
    orchestration = MagenticOrchestration(members=team, manager=manager)
    assert str(await result_of(orchestration, runtime)) == "The final slogan."
    schema = sandbox.requests[2].json["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("ProgressLedger", True)
    assert sandbox.pending_steps == 0


class Slogan(BaseModel):
    slogan: str


async def test_structured_outputs(sandbox, team, runtime, make):
    sandbox.script(
        [{"content": "A draft."}, {"content": "A verdict."}, {"content": '{"slogan": "Go!"}'}]
    )
    orchestration = SequentialOrchestration[str, Slogan](
        members=team, output_transform=structured_outputs_transform(Slogan, make())
    )
    assert await result_of(orchestration, runtime) == Slogan(slogan="Go!")
