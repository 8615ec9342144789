"""What the core learns from one answer for the next."""

from __future__ import annotations

from typing import Any

MODEL = "qwen3.6:27b"


def test_a_model_that_thinks_inside_its_text_may_leave_the_next_tag_unopened(
    sandbox: Any, api: Any
) -> None:
    steps = [{"content": "Oui.", "reasoning": "Hm."} for _ in range(2)]
    sandbox.script([{**steps[0], "fault": "think"}, {**steps[1], "fault": "lone-think-close"}])
    client = api()
    client.do("chat", "Hi", model=MODEL)
    events = client.events("Hi", model=MODEL)
    assert "".join(e.text for e in events if e.type == "text").strip() == "Oui."


def test_a_quoted_tag_delays_one_answer_at_most(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": "La balise </think> ferme."}, {"content": "Un deux trois."}] * 2)
    client = api()
    client.do("chat", "?", model="llama3.3:70b")  # a whole answer tells nothing of streams
    client.events("?", model="llama3.3:70b")
    client.events("La balise ?", model="llama3.3:70b")
    events = client.events("?", model="llama3.3:70b")
    assert "".join(e.text for e in events if e.type == "text") == "Un deux trois."
    assert len([e for e in events if e.type == "text"]) > 1


def test_what_was_learned_can_be_unlearned() -> None:
    from llmaas.ops import advice
    from llmaas.types import Choice, Completion

    plain = Completion("1", "m", (Choice(content="Oui.", finish_reason="stop"),))
    advice.learn("m", plain, unopened=True)
    assert advice.hold_for("m") > 0
    advice.learn("m", plain)
    assert advice.hold_for("m") == 0
