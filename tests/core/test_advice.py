"""What the core learns from one answer for the next."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import LLMaaS, catalog

MODEL = "qwen3.6:27b"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


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


def test_what_one_account_teaches_changes_no_other_account(sandbox: Any, api: Any) -> None:
    step = {"content": "Oui.", "reasoning": "Hm.", "fault": "lone-think-close"}
    sandbox.script([step, {"content": "Un deux trois."}])
    taught, other = api(), api(api_key=sandbox.make_key("tenant-b"))
    taught.events("Hi", model="llama3.3:70b")
    events = other.events("?", model="llama3.3:70b")
    assert len([e for e in events if e.type == "text"]) > 1


def test_what_was_learned_is_kept_by_copies_of_one_account_only() -> None:
    from llmaas import LLMaaS
    from llmaas.ops import model_profile
    from llmaas.types import Choice, Completion

    plain = Completion("1", "m", (Choice(content="Oui.", finish_reason="stop"),))
    settings = LLMaaS(api_key="sk-a", base_url="http://localhost:1").settings
    model_profile.record(settings, "m", plain, unopened=True)
    assert model_profile.buffer_size(settings, "m") > 0
    assert model_profile.buffer_size(settings.with_options(max_retries=0), "m") > 0
    assert model_profile.buffer_size(settings.with_options(api_key="sk-b"), "m") == 0
    assert model_profile.buffer_size(settings.with_options(base_url="http://localhost:2"), "m") == 0
    model_profile.record(settings, "m", plain)
    assert model_profile.buffer_size(settings, "m") == 0


def test_what_is_learned_of_names_from_users_is_bounded() -> None:
    from llmaas._learned import Learned

    learned = Learned()
    for number in range(3_000):
        learned.add(learned.plain, f"m{number}")
        learned.record_window(f"m{number}", 1)
    assert len(learned.plain) <= 1_000
    assert len(learned.windows) <= 1_000


@pytest.mark.parametrize("stream", [False, True])
def test_warning_names_the_line_of_the_caller(sandbox: Any, stream: bool) -> None:
    image = {"type": "image_url", "image_url": {"url": PIXEL}}
    messages = [{"role": "user", "content": [image]}]
    catalog.forget_warnings()
    with warnings.catch_warnings(record=True) as caught, suppress(llmaas.BadRequestError):
        warnings.simplefilter("always")
        if stream:
            LLMaaS().stream(messages, model="gpt-oss:20b").until_done()
        else:
            LLMaaS().chat(messages, model="gpt-oss:20b")
    assert len(caught) == 2
    assert {warning.filename for warning in caught} == {__file__}


def test_warning_names_a_neighbour_whose_folder_begins_alike() -> None:
    """``llmaas_app`` beside ``llmaas`` is a caller, not a part of this package."""
    folder = Path(llmaas.__file__).parent
    source = "from llmaas.warnings import LLMaaSWarning, warn\nwarn('x', LLMaaSWarning)\n"
    program = compile(source, f"{folder}_app/main.py", "exec")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(program, {})
    assert [warning.filename for warning in caught] == [f"{folder}_app/main.py"]
