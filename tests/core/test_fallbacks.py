"""Fallback models, and empty answers that are asked for once more."""

from __future__ import annotations

from typing import Any

import pytest

import llmaas
from llmaas.quota import Budget
from tests.helpers.servers.fake_engine import Engine, engine, usage

GONE = (404, {"error": {"message": "model not found", "code": "model_not_found"}})
BUSY = (503, {"error": {"message": "no capacity"}})
SPENT = (429, {"error": {"message": "rate limit"}})
SMALL = (400, {"error": {"message": "This model's maximum context length is 1000 tokens. However, "
                         "your request has 2000 input tokens."}})  # fmt: skip
EMPTY = {"content": None}
THOUGHT = {"content": "\n\n", "reasoning": "Hm. Hm.", "usage": usage(10, 90)}
ANSWERS: dict[str, Any] = {
    "good": {"content": "ok"},
    "gone": GONE,
    "busy": BUSY,
    "spent": SPENT,
    "small": SMALL,
    "empty": EMPTY,
    "thought": THOUGHT,
    "portal": (200, b"<html>log in</html>"),
    "refused": (401, {"error": {"message": "bad key"}}),
    "wrong": (400, {"error": {"message": "temperature must be 0 to 2"}}),
    "blocked": (403, {"error": {"message": "prompt blocked for security reasons"}}),
}


def by_model(body: dict[str, Any]) -> Any:
    return ANSWERS[body["model"].split("/")[0]]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for engines, which take any."""
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-engine")


@pytest.fixture(params=["whole", "streamed"])
def ask(request: pytest.FixtureRequest) -> Any:
    """Ask for a completion either way."""

    def whole(client: Any, *args: Any, **options: Any) -> llmaas.Completion:
        completion: llmaas.Completion = client.do("chat", *args, **options)
        return completion

    def streamed(client: Any, *args: Any, **options: Any) -> llmaas.Completion:
        events = client.events(*args, **options)
        text = "".join(event.text for event in events if event.type == "text")
        assert text.strip() == events[-1].completion.text.strip()
        completion: llmaas.Completion = events[-1].completion
        return completion

    return whole if request.param == "whole" else streamed


def models(served: Engine) -> list[str]:
    return [body["model"] for body in served.bodies]


@pytest.mark.parametrize("first", ["gone", "busy", "spent", "small", "empty", "thought", "portal"])
def test_next_model_answers_when_the_first_does_not(api: Any, ask: Any, first: str) -> None:
    with engine(by_model) as served:
        client = api(base_url=served.base_url, fallbacks=["good"])
        completion = ask(client, "Hi", model=first)
    assert completion.text == "ok"
    assert completion.requested_model == "good"
    assert models(served) == [first, "good"]
    failed, answered = completion.attempts
    assert (failed.model, answered.model, answered.error) == (first, "good", None)
    assert (failed.error is None) is (first in ("empty", "thought"))
    assert failed.empty is (failed.error is None)


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "The model `m` does not exist."), (404, 'model "m" not found, try pulling it first'),
     (410, "Model m was retired on 1 May"), (400, "Unknown model: m"),
     (404, "No such model"), (400, "Model m does not exist")],
)  # fmt: skip
def test_next_model_answers_when_the_first_is_gone_in_the_words_of_any_engine(
    api: Any, ask: Any, status: int, words: str
) -> None:
    refusal = (status, {"error": {"message": words}})
    with engine(lambda body: refusal if body["model"] == "m" else {"content": "ok"}) as served:
        assert ask(api(base_url=served.base_url), "Hi", model="m", fallbacks=["good"]).text == "ok"


@pytest.mark.parametrize("first", ["refused", "wrong", "blocked"])
def test_no_other_model_is_asked_when_it_would_fail_as_well(api: Any, ask: Any, first: str) -> None:
    with engine(by_model) as served, pytest.raises(llmaas.LLMaaSError):
        ask(api(base_url=served.base_url), "Hi", model=first, fallbacks=["good"])
    assert models(served) == [first]


def test_no_other_model_is_asked_when_nothing_was_reached(api: Any, ask: Any) -> None:
    client = api(base_url="http://127.0.0.1:9", fallbacks=["good"])
    with pytest.raises(llmaas.APIConnectionError) as caught:
        ask(client, "Hi", model="gone")
    assert caught.value.attempts == ()


def test_usage_and_cost_of_empty_answers_are_added(api: Any, ask: Any) -> None:
    with engine(by_model) as served:
        client = api(base_url=served.base_url)
        completion = ask(client, "Hi", model="thought", fallbacks=["busy", "good"])
    assert [attempt.model for attempt in completion.attempts] == ["thought", "busy", "good"]
    assert [each.usage and each.usage.completion_tokens for each in completion.attempts] == [
        90, None, 5]  # fmt: skip
    assert completion.usage.completion_tokens == 95
    assert completion.usage.prompt_tokens == 20
    alone = llmaas.Usage(20, 95, 115)
    from llmaas.pricing import chat_cost_micro_eur

    assert completion.cost_micro_eur == chat_cost_micro_eur(alone)


def test_hooks_see_each_model_once_with_its_own_usage(api: Any, ask: Any) -> None:
    seen: list[Any] = []

    class Hook:
        def before_call(self, about: Any) -> Any:
            return about.model
            yield

        def after_call(self, ticket: Any, outcome: Any) -> Any:
            tokens = outcome.usage.completion_tokens if outcome.usage else None
            seen.append((ticket, tokens, type(outcome.error).__name__))
            return
            yield

    budget = Budget(1)
    with engine(by_model) as served:
        client = api(base_url=served.base_url, hooks=[Hook(), budget])
        completion = ask(client, "Hi", model="gone", fallbacks=["thought", "good"])
    assert seen == [("gone", None, "ModelNotFoundError"), ("thought", 90, "NoneType"),
                    ("good", 5, "NoneType")]  # fmt: skip
    assert round(budget.spent * 1e6) == completion.cost_micro_eur


def test_error_holds_all_attempts_when_every_model_fails(api: Any, ask: Any) -> None:
    with engine(by_model) as served, pytest.raises(llmaas.InternalServerError) as caught:
        ask(api(base_url=served.base_url), "Hi", model="gone", fallbacks=["spent", "busy"])
    assert models(served) == ["gone", "spent", "busy"]
    assert [attempt.model for attempt in caught.value.attempts] == ["gone", "spent", "busy"]
    assert caught.value.attempts[-1].error is caught.value


@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
def test_last_empty_answer_is_returned_when_every_answer_is_empty(api: Any, ask: Any) -> None:
    with engine(by_model) as served:
        completion = ask(api(base_url=served.base_url), "Hi", model="empty", fallbacks=["thought"])
    assert [attempt.empty for attempt in completion.attempts] == [True, True]
    assert completion.text.strip() == ""


def test_only_larger_windows_are_asked_when_the_context_overflows(api: Any, ask: Any) -> None:
    with engine(by_model) as served:
        client = api(base_url=served.base_url, fallbacks=["tiny", "good"])
        client.client.settings.learned.record_window("tiny", 900)
        completion = ask(client, "Hi", model="small")
    assert models(served) == ["small", "good"]
    assert completion.text == "ok"


def test_options_and_budget_are_fitted_to_each_model(api: Any, ask: Any) -> None:
    answers = {"gpt-oss:120b": BUSY, "granite3-guardian:8b": {"content": "ok"}}
    with engine(lambda body: answers[body["model"]]) as served:
        client = api(base_url=served.base_url, fallbacks=["granite3-guardian:8b"])
        ask(client, "Hi", model="gpt-oss:120b", temperature=0.5, reasoning="low")
    first, second = served.bodies
    assert (first["max_tokens"], second["max_tokens"]) == (16_384, 4_096)
    assert (first["reasoning_effort"], second["temperature"]) == ("low", 0.5)


def test_calls_and_copies_may_change_the_fallbacks(api: Any, ask: Any) -> None:
    with engine(by_model) as served:
        client = api(base_url=served.base_url, fallbacks=["good"])
        with pytest.raises(llmaas.ModelNotFoundError):
            ask(client, "Hi", model="gone", fallbacks=[])
        client.client = client.client.with_options(fallbacks=["busy", "good"])
        ask(client, "Hi", model="gone")
    assert models(served) == ["gone", "gone", "busy", "good"]


def test_deadline_holds_over_all_models(api: Any, ask: Any) -> None:
    with engine(by_model) as served:
        client = api(base_url=served.base_url, max_retries=3)
        with pytest.raises(llmaas.APIError) as caught:
            ask(client, "Hi", model="busy", fallbacks=["spent", "busy/2"], deadline=0.3)
    assert not isinstance(caught.value, llmaas.InvalidInputError)
    assert len(served.bodies) <= 4


@pytest.mark.parametrize("bad", ["good", 5, [5], [""]])
def test_fallbacks_that_are_no_list_of_names_are_refused(api: Any, ask: Any, bad: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError, match="fallbacks"):
        ask(api(base_url="http://127.0.0.1:9"), "Hi", model="m", fallbacks=bad)
    with pytest.raises(llmaas.ConfigurationError, match="fallbacks"):
        api(fallbacks=bad)


def test_reasoning_is_handed_out_before_the_text_that_it_waited_for(api: Any) -> None:
    answer = {"reasoning": "Hm.", "content": "ok"}
    with engine(lambda _: answer) as served:
        events = api(base_url=served.base_url, fallbacks=["good"]).events("Hi", model="m")
    assert [event.type for event in events] == ["reasoning", "text", "done"]
    assert events[-1].completion.attempts == ()


def test_tool_calls_are_no_empty_answer(api: Any, ask: Any) -> None:
    call = {"index": 0, "id": "abcdefghi", "type": "function",
            "function": {"name": "f", "arguments": "{}"}}  # fmt: skip
    with engine(lambda _: {"tool_calls": [call]}) as served:
        client = api(base_url=served.base_url, fallbacks=["good"], retry_empty=True)
        assert ask(client, "Hi", model="m").tool_calls[0].name == "f"
    assert len(served.bodies) == 1


@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
def test_withheld_answer_is_not_asked_elsewhere(api: Any, ask: Any) -> None:
    with engine(lambda _: {"content": "", "finish_reason": "content_filter"}) as served:
        ask(api(base_url=served.base_url, fallbacks=["good"], retry_empty=True), "Hi", model="m")
    assert len(served.bodies) == 1


@pytest.mark.parametrize("where", ["client", "call"])
def test_empty_answer_is_asked_for_once_more_with_another_prompt_and_less_reasoning(
    api: Any, ask: Any, where: str
) -> None:
    served_once: list[int] = []

    def answer(_: Any) -> Any:
        served_once.append(1)
        return THOUGHT if len(served_once) == 1 else {"content": "ok"}

    on_client, on_call = ({"retry_empty": True}, {}) if where == "client" else ({}, {
        "retry_empty": True})  # fmt: skip
    with engine(answer) as served:
        client = api(base_url=served.base_url, **on_client)
        completion = ask(client, "Hi", model="qwen3.8:27b", **on_call)
    first, second = served.bodies
    assert completion.text == "ok"
    assert [attempt.empty for attempt in completion.attempts] == [True, False]
    assert completion.usage.completion_tokens == 95
    assert "reasoning_effort" not in first
    assert second["reasoning_effort"] == "low"
    assert first["messages"][-1] == second["messages"][-1], "what the user said stays"
    assert first["messages"] != second["messages"]


@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
def test_empty_answer_at_low_effort_is_asked_for_without_reasoning(api: Any, ask: Any) -> None:
    with engine(lambda _: EMPTY) as served:
        client = api(base_url=served.base_url, retry_empty=True)
        ask(client, "Hi", model="qwen3.8:27b", reasoning="low")
        ask(client, [{"role": "system", "content": "S"}, {"role": "user", "content": "Hi"}],
            model="gpt-oss:120b", reasoning_effort="high")  # fmt: skip
    assert [b.get("reasoning_effort") for b in served.bodies] == ["low", None, "high", "low"]
    assert served.bodies[1]["chat_template_kwargs"] == {"enable_thinking": False}
    assert served.bodies[3]["messages"][0]["content"].startswith("S\n\n")
    assert len(served.bodies[3]["messages"]) == 2


def test_second_empty_answer_goes_to_the_fallback(api: Any, ask: Any) -> None:
    with engine(by_model) as served:
        client = api(base_url=served.base_url, retry_empty=True, fallbacks=["good"])
        assert ask(client, "Hi", model="empty").text == "ok"
    assert models(served) == ["empty", "empty", "good"]


def test_empty_structured_answer_goes_to_the_fallback(api: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    answers = {"empty": EMPTY, "good": {"content": '{"a": 1}'}}
    with engine(lambda body: answers[body["model"]]) as served:
        client = api(base_url=served.base_url, fallbacks=["good"])
        completion = client.do("chat", "Hi", model="empty", response_format=form)
    assert completion.parsed == {"a": 1}
