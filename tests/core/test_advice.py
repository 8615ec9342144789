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
