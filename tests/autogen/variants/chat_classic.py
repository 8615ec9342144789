"""A two-agent chat on AutoGen 0.2 or AG2 Classic with the stock client and ours.

Run in an environment with one of pyautogen 0.2, pyautogen 0.9 or autogen 0.14, the core, the
sandbox and this package: ``python chat_classic.py``. No pytest: the variants need only Python.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import autogen

from autogen_llmaas import LLMaaSClient, config_list, environment, llm_config, write_config_list
from autogen_llmaas.classic import register, with_custom_client
from llmaas_sandbox import Sandbox

MODEL = "gpt-oss:120b"
PRICES = (0.0018, 0.008)


def main() -> None:
    """Run every check against one sandbox."""
    with Sandbox() as box:
        os.environ.update(LLMAAS_API_KEY=box.api_key, LLMAAS_BASE_URL=box.base_url)
        everything_is_accepted()
        the_file_is_read()
        two_agents_talk(box, llm_config(MODEL, temperature=0.2))
        two_agents_talk(
            box, {"config_list": with_custom_client(config_list(MODEL)), "cache_seed": None}
        )
        a_tool_is_called(box, {"config_list": config_list(MODEL), "cache_seed": None})
        a_tool_is_called(
            box, {"config_list": with_custom_client(config_list(MODEL)), "cache_seed": None}
        )
        no_cut_call_runs(box)
        unknown_usage_is_none(box)
        options_reach_the_core(box)
        a_refusal_is_said(box)
        a_rate_limit_is_waited_for(box)
    print(f"ok: autogen {autogen.__version__}")


def everything_is_accepted() -> None:
    """An entry with all that it may hold makes an agent and a client."""
    config = llm_config(
        MODEL,
        "gemma4:31b",
        temperature=1.5,
        top_p=0.9,
        max_tokens=100,
        tags=["a"],
        default_headers={"x-team": "a"},
        extra_body={"top_k": 3},
        reasoning_effort="xhigh",
    )
    agent = autogen.ConversableAgent("a", llm_config=config, human_input_mode="NEVER")
    assert agent.client is not None


def the_file_is_read() -> None:
    """The variant reads the entries from the file and from the variable."""
    entries = config_list(MODEL)
    os.environ.update(environment(entries))
    with tempfile.TemporaryDirectory() as folder:
        path = write_config_list(folder, entries)
        if hasattr(autogen, "config_list_from_json"):
            assert autogen.config_list_from_json("OAI_CONFIG_LIST", file_location=folder) == entries
            assert autogen.config_list_from_json("OAI_CONFIG_LIST") == entries
        else:
            read = autogen.LLMConfig.from_json(path=str(path))
            [entry] = json.loads(read.model_dump_json())["config_list"]
            assert entry["model"] == MODEL
            assert entry["price"] == list(PRICES)


def pair(config: dict[str, Any]) -> tuple[Any, Any]:
    """Return two agents that answer each other."""
    make = autogen.ConversableAgent
    agents = [
        make(name, llm_config=config, human_input_mode="NEVER", system_message="Be short.")
        for name in ("writer", "rédacteur" if is_ours(config) else "editor")
    ]
    if is_ours(config):
        for agent in agents:
            register(agent)
    return agents[0], agents[1]


def is_ours(config: dict[str, Any]) -> bool:
    """Return whether a configuration names our client."""
    return "model_client_cls" in config["config_list"][0]


def two_agents_talk(box: Sandbox, config: dict[str, Any]) -> None:
    """Two turns each; usage and cost come in euros."""
    box.reset()
    writer, editor = pair(config)
    result = writer.initiate_chat(editor, message='Say "Bonjour"', max_turns=2)
    said = [message["content"] for message in result.chat_history]
    assert len(said) == 4, said
    assert said[1] == "Bonjour", said
    asked = [request.json for request in box.requests]
    assert len(asked) == 3, asked
    assert all(body["model"] == MODEL and body["max_tokens"] == 16_384 for body in asked)
    if not is_ours(config):
        assert all(body["temperature"] == 0.2 for body in asked)
    assert all(body["messages"][0]["role"] == "system" for body in asked)
    assert all(m.get("name", "a").isascii() for body in asked for m in body["messages"])
    total = editor.get_total_usage()
    [counts] = (counts for name, counts in total.items() if name != "total_cost")
    exact = counts["prompt_tokens"] * PRICES[0] + counts["completion_tokens"] * PRICES[1]
    assert abs(total["total_cost"] - exact / 1000) < 2e-6, (total, exact)


def a_tool_is_called(box: Sandbox, config: dict[str, Any]) -> None:
    """One agent asks for a tool, the other runs it; ours sends the reasoning back."""
    box.reset()
    writer, user = pair(config)

    def weather(city: str) -> str:
        """Weather of a city."""
        return f"{city}: 21 degrees"

    autogen.register_function(
        weather, caller=writer, executor=user, name="weather", description="Weather of a city"
    )
    call = {"name": "weather", "arguments": {"city": "Paris"}, "id": "call_1"}
    box.script([{"tool_calls": [call], "reasoning": "Look it up."}, {"content": "21 degrees."}])
    result = user.initiate_chat(writer, message="Weather in Paris?", max_turns=2)
    assert result.chat_history[-1]["content"] == "21 degrees.", result.chat_history
    assert any("21 degrees" in str(m.get("content")) for m in result.chat_history[:-1])
    sent = list(box.requests)[-1].json["messages"]
    asked = next(message for message in sent if message.get("tool_calls"))
    if is_ours(config):
        assert asked["reasoning_content"] == "Look it up."


RAN: list[str] = []


def wipe(path: str = "*") -> str:
    """Delete files."""
    RAN.append(path)
    return "wiped"


def no_cut_call_runs(box: Sandbox) -> None:
    """The model receives the error of the call and the conversation continues."""
    for arguments in ("", "null", "{}", '{"path": "/a', '{"path": "/a"', '{"path": "/a"}'):
        box.reset()
        RAN.clear()
        config = {"config_list": with_custom_client(config_list(MODEL)), "cache_seed": None}
        writer, user = pair(config)
        autogen.register_function(wipe, caller=writer, executor=user, description="Delete files")
        function = {"name": "wipe", "arguments": arguments}
        call = {"id": "c1", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "length"}
        cut = {"json": {"id": "x", "model": MODEL, "choices": [choice]}}
        box.script([cut, {"content": "Sorry."}])
        result = user.initiate_chat(writer, message="Tidy up.", max_turns=2)
        assert (RAN, result.chat_history[-1]["content"]) == ([], "Sorry."), (arguments, RAN)


def unknown_usage_is_none(box: Sandbox) -> None:
    """It is never 0, and the framework adds nothing up."""
    for usage in (None, {}, {"total_tokens": 9}, {"prompt_tokens": 0, "completion_tokens": 0}):
        box.reset()
        choice = {"index": 0, "message": {"role": "assistant", "content": "Oui."}}
        answer = {"id": "x", "model": MODEL, "choices": [choice], "usage": usage}
        box.script([{"json": answer}])
        config = {"config_list": with_custom_client(config_list(MODEL)), "cache_seed": None}
        wrapper = autogen.OpenAIWrapper(**config)
        wrapper.register_model_client(LLMaaSClient)
        response = wrapper.create(messages=[{"role": "user", "content": "Hi"}])
        assert response.cost is None
        assert response.usage is None
        assert wrapper.total_usage_summary is None, wrapper.total_usage_summary


def options_reach_the_core(box: Sandbox) -> None:
    """Those that no entry may hold are given where the client is registered."""
    box.reset()
    config = {"config_list": with_custom_client(config_list("no-such-model")), "cache_seed": None}
    agent = autogen.ConversableAgent("a", llm_config=config, human_input_mode="NEVER")
    register(agent, fallbacks=[MODEL], reasoning="low", fresh=True)
    said = agent.generate_reply(messages=[{"role": "user", "content": 'Say "Oui"'}])
    assert said
    bodies = [request.json for request in box.requests]
    assert [body["model"] for body in bodies] == ["no-such-model", MODEL]
    assert bodies[1]["reasoning_effort"] == "low"
    assert bodies[1]["messages"][-1]["content"] != 'Say "Oui"'


def a_refusal_is_said(box: Sandbox) -> None:
    """In the words of the model."""
    box.reset()
    refusal = {"role": "assistant", "content": None, "refusal": "I will not."}
    choice = {"index": 0, "message": refusal, "finish_reason": "stop"}
    box.script([{"json": {"id": "x", "model": MODEL, "choices": [choice]}}])
    writer, editor = pair(
        {"config_list": with_custom_client(config_list(MODEL)), "cache_seed": None}
    )
    result = writer.initiate_chat(editor, message="Hi", max_turns=1)
    assert result.chat_history[-1]["content"] == "I will not."


def a_rate_limit_is_waited_for(box: Sandbox) -> None:
    """More refusals than the SDK retries."""
    box.reset()
    refused = {"status": 429, "headers": {"retry-after": "0.05"}, "json": {"error": {}}}
    box.script([refused] * 5)
    writer, editor = pair(
        {"config_list": with_custom_client(config_list(MODEL)), "cache_seed": None}
    )
    result = writer.initiate_chat(editor, message='Say "Oui"', max_turns=1)
    assert result.chat_history[-1]["content"] == "Oui"
    assert len(box.requests) == 6


if __name__ == "__main__":
    assert Path(autogen.__file__).parent.name == "autogen"
    main()
