"""Group chats of AutoGen 0.2 and AG2 Classic on models with strict templates, by our client.

``python teams_classic.py`` in an environment with one of these branches; see chat_classic.py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import autogen

from autogen_llmaas import LLMaaSClient, config_list
from autogen_llmaas.classic import register, with_custom_client
from llmaas_sandbox import Sandbox

MODELS = ("mistral-small4:119b", "qwen3.6:27b")
CALL = {"name": "weather", "arguments": {"city": "Paris"}}
TURNS = 20


def weather(city: str) -> str:
    """Weather of a city."""
    return f"{city}: 21 degrees"


def main() -> None:
    """Run every team on every model."""
    with Sandbox() as box:
        os.environ.update(LLMAAS_API_KEY=box.api_key, LLMAAS_BASE_URL=box.base_url)
        for model in MODELS:
            config = {"config_list": with_custom_client(config_list(model)), "cache_seed": None}
            for program in (round_robin, two_with_a_tool, *newer()):
                check(program, box, config)
    print(f"ok: teams of autogen {autogen.__version__}")


def newer() -> list[Callable[[Sandbox, dict[str, Any]], None]]:
    """Return the programs that AutoGen 0.2 does not know, at least not with our client."""
    return [selected, handoffs] if hasattr(autogen, "LLMConfig") else []


def check(
    program: Callable[[Sandbox, dict[str, Any]], None], box: Sandbox, config: dict[str, Any]
) -> None:
    """Run a program; nothing of it is refused."""
    box.reset()
    program(box, config)
    refused = [request for request in box.requests if request.status == 400]
    assert not refused, (program.__name__, refused[0].json)
    assert len(box.requests) >= TURNS, (program.__name__, len(box.requests))


def agent(name: str, config: dict[str, Any]) -> Any:
    """Return an agent that asks our client."""
    prompt = f"You are {name}."
    return register(
        autogen.ConversableAgent(
            name, llm_config=config, human_input_mode="NEVER", system_message=prompt
        )
    )


def steps(n: int) -> list[dict[str, Any]]:
    """Return answers of which every second calls a tool, twice at once and with text beside it."""
    calling: list[dict[str, Any]] = [
        {"tool_calls": [CALL]},
        {"tool_calls": [CALL, CALL], "content": "I look."},
    ]
    return [calling[i // 2 % 2] if i % 2 else {"content": "So."} for i in range(n)]


def group(config: dict[str, Any], method: str) -> tuple[Any, Any]:
    """Return a group chat of two agents with a tool, and its manager."""
    agents = [agent(name, config) for name in ("ann", "bob")]
    for each in agents:
        autogen.register_function(
            weather, caller=each, executor=each, name="weather", description="Weather of a city"
        )
    selector = {
        "select_speaker_auto_llm_config": config,
        "select_speaker_auto_model_client_cls": LLMaaSClient,
    }
    chat = autogen.GroupChat(
        agents,
        messages=[],
        max_round=TURNS + 1,
        speaker_selection_method=method,
        **(selector if method == "auto" else {}),
    )
    return agents[0], register(autogen.GroupChatManager(chat, llm_config=config))


def round_robin(box: Sandbox, config: dict[str, Any]) -> None:
    """By turns; stopped, and resumed with the messages so far."""
    box.script(steps(6 * TURNS))
    ann, manager = group(config, "round_robin")
    ann.initiate_chat(manager, message="What is the weather?")
    kept = json.dumps(manager.groupchat.messages[:-1])
    ann, manager = group(config, "round_robin")
    manager.groupchat.max_round = 2 * TURNS
    last, message = manager.resume(messages=json.loads(kept))
    last.initiate_chat(recipient=manager, message=message, clear_history=False)


def selected(box: Sandbox, config: dict[str, Any]) -> None:
    """The model selects who speaks."""
    names = [{"content": name} for name in ("bob", "ann")]
    said = steps(4 * TURNS)
    box.script([step for i, each in enumerate(said) for step in (names[i % 2], each)])
    ann, manager = group(config, "auto")
    ann.initiate_chat(manager, message="What is the weather?")


def two_with_a_tool(box: Sandbox, config: dict[str, Any]) -> None:
    """One asks for the tool, the other runs it."""
    caller, user = agent("ann", config), agent("bob", {**config})
    autogen.register_function(
        weather, caller=caller, executor=user, name="weather", description="Weather of a city"
    )
    rounds: list[dict[str, Any]] = [
        {"tool_calls": [CALL, CALL], "content": "I look."},
        {"content": "21."},
        {"content": "And now?"},
    ]
    box.script(rounds * TURNS)
    user.initiate_chat(caller, message="Weather?", max_turns=TURNS)


def handoffs(box: Sandbox, config: dict[str, Any]) -> None:
    """Agents that transfer to each other, as the swarms of AG2 Classic do."""
    from autogen.agentchat import initiate_group_chat
    from autogen.agentchat.group import AgentTarget, OnCondition, StringLLMCondition
    from autogen.agentchat.group.patterns import DefaultPattern

    agents = [agent(name, config) for name in ("ann", "bob")]
    for each, other in zip(agents, reversed(agents), strict=True):
        condition = StringLLMCondition(prompt=f"Let {other.name} go on.")
        each.handoffs.add_llm_condition(OnCondition(target=AgentTarget(other), condition=condition))
        each.handoffs.set_after_work(AgentTarget(other))
    pattern = DefaultPattern(initial_agent=agents[0], agents=agents)
    passes = [
        {"tool_calls": [{"name": f"transfer_to_{name}_1", "arguments": {}}], "content": "Go on."}
        for name in ("bob", "ann")
    ]
    box.script([passes[0], {"content": "So."}, passes[0], passes[1]] * TURNS)
    initiate_group_chat(pattern, messages="What is the weather?", max_rounds=2 * TURNS)


if __name__ == "__main__":
    main()
