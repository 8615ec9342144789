import json
from typing import Any

import pytest

QUESTION = "Où est hébergé le service, été comme hiver ?"
THINKER = "gpt-oss:120b"
TWO = "What is the weather in Paris and Lyon?"


def message(heard: Any) -> dict[str, Any]:
    found: dict[str, Any] = heard.json["choices"][0]["message"]
    return found


# reasoning


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_in_a_field_of_its_own(chat: Any, field: str) -> None:
    heard = chat(QUESTION, faults=field, stream=True)
    assert heard.said(field).startswith("La question porte sur")
    assert "question porte" not in heard.said()
    assert message(chat(QUESTION, faults=field))[field] == heard.said(field)


def test_reasoning_both(chat: Any) -> None:
    both = message(chat(QUESTION, faults="reasoning-both"))
    assert both["reasoning"] == both["reasoning_content"]


def test_reasoning_only_leaves_the_content_empty_unless_thinking_is_off(chat: Any) -> None:
    model = "qwen3.6:35b"
    thinking = message(chat(QUESTION, model=model, faults="reasoning-only"))
    assert thinking["content"] is None
    assert thinking["reasoning"]
    assert message(chat(QUESTION, model=model, faults="reasoning-only", enable_thinking=False))[
        "content"
    ]
    assert chat(QUESTION, model=model, faults="reasoning-only", stream=True).said() == ""


def test_think_tags_inside_the_content(chat: Any) -> None:
    text = chat(QUESTION, faults="think", stream=True).said()
    assert text.startswith("<think>\n")
    assert text.count("</think>") == 1
    assert message(chat(QUESTION, faults="think"))["content"] == text


def test_a_think_tag_that_only_closes(chat: Any) -> None:
    heard = chat(QUESTION, faults="lone-think-close", stream=True)
    assert "<think>" not in heard.said()
    deltas = [c["choices"][0]["delta"].get("content") for c in heard.chunks if c["choices"]]
    assert "</th" in deltas  # the tag is cut across two deltas


def test_a_persona_is_a_dialect_by_model_name(chat: Any) -> None:
    answer = chat(QUESTION, model="sandbox/think,usage-none").json
    assert answer["choices"][0]["message"]["content"].startswith("<think>")
    assert "usage" not in answer
    assert answer["model"] == "sandbox/think,usage-none"
    assert chat(QUESTION, model="sandbox/plain").status == 200


def test_no_reasoning(chat: Any) -> None:
    assert "reasoning_content" not in message(chat(QUESTION, model=THINKER, faults="no-reasoning"))


# usage


def usages(heard: Any) -> list[Any]:
    return [c["usage"] for c in heard.chunks if "usage" in c]


def test_usage_last_is_the_default(chat: Any) -> None:
    heard = chat(QUESTION, stream=True)
    assert heard.chunks[-1]["choices"] == []
    assert "backend" in heard.chunks[-1]
    assert len(usages(heard)) == 1


def test_usage_finish(chat: Any) -> None:
    last = chat(QUESTION, faults="usage-finish", stream=True).chunks[-1]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["completion_tokens"] > 0


def test_usage_every_runs_up_to_the_whole(chat: Any) -> None:
    heard = chat(QUESTION, faults="usage-every", stream=True)
    counted = [u["completion_tokens"] for u in usages(heard)]
    assert len(counted) == len(heard.chunks)
    assert counted == sorted(counted)
    assert counted[-1] == chat(QUESTION).json["usage"]["completion_tokens"]


def test_usage_none(chat: Any) -> None:
    assert usages(chat(QUESTION, faults="usage-none", stream=True)) == []
    assert "usage" not in chat(QUESTION, faults="usage-none").json


def test_reasoning_tokens_at_the_top_or_nested(chat: Any) -> None:
    top = chat(QUESTION, model=THINKER, faults="usage-toplevel-reasoning").json["usage"]
    nested = chat(QUESTION, model=THINKER, faults="usage-nested-reasoning").json["usage"]
    assert top["reasoning_tokens"] > 0
    assert "reasoning_tokens" not in nested
    assert nested["completion_tokens_details"] == {"reasoning_tokens": top["reasoning_tokens"]}


def test_choiceless_backend(chat: Any) -> None:
    first = chat(QUESTION, faults="choiceless-backend", stream=True).chunks[0]
    assert "choices" not in first
    assert set(first["backend"]) == {"engine_type", "machine_name"}


# tools


def calls(heard: Any) -> list[dict[str, Any]]:
    deltas = (c["choices"][0]["delta"] for c in heard.chunks if c.get("choices"))
    return [call for d in deltas for call in d.get("tool_calls", ())]


def test_tool_deltas_come_in_fragments(chat: Any, weather: Any) -> None:
    heard = chat(TWO, stream=True, tools=[weather])
    found = calls(heard)
    assert heard.finish_reasons == ["tool_calls"]
    assert {c["index"] for c in found} == {0, 1}
    assert sum("id" in c for c in found) == 2
    for index, city in enumerate(["Paris", "Lyon"]):
        text = "".join(c["function"]["arguments"] for c in found if c["index"] == index)
        assert json.loads(text) == {"city": city}


def test_text_and_tool_in_one_delta(chat: Any, weather: Any) -> None:
    heard = chat(TWO, stream=True, tools=[weather], faults="text-and-tool")
    both = [c["choices"][0]["delta"] for c in heard.chunks if c["choices"]]
    assert any(d.get("content") and d.get("tool_calls") for d in both)
    whole = message(chat(TWO, tools=[weather], faults="text-and-tool"))
    assert whole["content"]
    assert whole["tool_calls"]


def test_tool_no_index(chat: Any, weather: Any) -> None:
    found = calls(chat(TWO, stream=True, tools=[weather], faults="tool-no-index"))
    assert len(found) == 2
    assert all("index" not in c and "id" not in c for c in found)
    assert json.loads(found[0]["function"]["arguments"]) == {"city": "Paris"}


def test_tool_repeat_id(chat: Any, weather: Any) -> None:
    found = calls(chat(TWO, stream=True, tools=[weather], faults="tool-repeat-id"))
    assert len(found) > 2
    assert all(c["id"] and c["function"]["name"] == "get_weather" for c in found)


def test_tool_same_index(chat: Any, weather: Any) -> None:
    found = calls(chat(TWO, stream=True, tools=[weather], faults="tool-same-index"))
    assert {c["index"] for c in found} == {0}
    assert len({c["id"] for c in found}) == 2


def test_tool_object_args(chat: Any, weather: Any) -> None:
    streamed = calls(chat(TWO, stream=True, tools=[weather], faults="tool-object-args"))
    whole = message(chat(TWO, tools=[weather], faults="tool-object-args"))["tool_calls"]
    assert streamed[0]["function"]["arguments"] == {"city": "Paris"}
    assert whole[0]["function"]["arguments"] == {"city": "Paris"}


def test_tool_empty_args(chat: Any, weather: Any) -> None:
    found = calls(chat(TWO, stream=True, tools=[weather], faults="tool-empty-args"))
    assert {c["function"]["arguments"] for c in found} == {""}


def test_ollama_native(chat: Any, weather: Any) -> None:
    heard = chat(QUESTION, stream=True, faults="ollama-native")
    assert all("choices" not in c for c in heard.chunks)
    assert [c["done"] for c in heard.chunks] == [False] * (len(heard.chunks) - 1) + [True]
    assert heard.chunks[-1]["eval_count"] > 0
    whole = chat(TWO, tools=[weather], faults="ollama-native").json
    assert whole["message"]["tool_calls"][0]["function"]["arguments"] == {"city": "Paris"}


# JSON


FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "place",
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def test_no_response_format(chat: Any) -> None:
    assert chat(QUESTION, faults="no-response-format").status == 200
    heard = chat(QUESTION, faults="no-response-format", response_format=FORMAT)
    assert heard.status == 400
    assert heard.json["error"]["param"] == "response_format"


def test_fenced_json(chat: Any) -> None:
    text = message(chat("I live in Lyon", faults="fenced-json", response_format=FORMAT))["content"]
    assert text.startswith("```json\n")
    assert text.endswith("\n```")
    assert json.loads(text[8:-4]) == {"city": "Lyon"}


def test_bad_json_is_bad_once(chat: Any) -> None:
    first, second = (
        message(chat("I live in Lyon", faults="bad-json", response_format=FORMAT))["content"]
        for _ in range(2)
    )
    with pytest.raises(ValueError, match=r"."):
        json.loads(first)
    assert json.loads(second) == {"city": "Lyon"}


def test_bad_json_is_good_after_a_correction(chat: Any) -> None:
    turns = [
        {"role": "user", "content": "I live in Nice"},
        {"role": "assistant", "content": '{"city": '},
        {"role": "user", "content": "That was no JSON. I live in Nice"},
    ]
    heard = chat(turns, faults="bad-json", response_format=FORMAT)
    assert json.loads(message(heard)["content"]) == {"city": "Nice"}
