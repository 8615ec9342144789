"""Facts of the catalog that a profile overrides, and clients that use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import LLMaaS, catalog
from llmaas.catalog import ModelProfile, NoSuchModelError, Profile

MODEL, UNKNOWN = "gpt-oss:120b", "local-model"
SIZES: Any = {"context_window": 4096, "max_output_tokens": 512}


def profile(model: str = MODEL, service: Any = (), **facts: Any) -> Profile:
    head: Any = {"measured": "2026-11-30", "address": "127.0.0.1", **dict(service)}
    return Profile(**head, models={model: ModelProfile(**facts)})


def test_model_has_what_was_measured_when_the_catalog_knows_it() -> None:
    found = catalog.find_model(MODEL, profile(**SIZES, tools=False, vision=True))
    assert found is not None
    assert (found.context, found.tools, found.vision) == (4096, False, True)
    known = catalog.get(MODEL)
    assert known is not None
    assert (found.id, found.publisher, found.category) == (MODEL, known.publisher, known.category)


def test_model_has_what_was_measured_when_the_catalog_lacks_it() -> None:
    facts = {"category": "embedding", "embedding_dimensions": 8, "accepts_dimensions": True}
    found = catalog.find_model(UNKNOWN, profile(UNKNOWN, **facts))
    assert found is not None
    assert (found.id, found.category, found.dimensions, found.shortens) == (
        *(UNKNOWN, "embedding", 8, True),
    )
    assert catalog.find_model(UNKNOWN, profile()) is None


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        ({"reasoning_field": "none"}, False),
        ({"reasoning_switch": "never"}, False),
        ({"reasoning_field": "reasoning"}, True),
        ({"reasoning_switch": "reasoning_effort"}, True),
        ({}, None),
    ],
)
def test_model_reasons_as_measured(facts: Any, reasons: bool | None) -> None:
    found = catalog.find_model(UNKNOWN, profile(UNKNOWN, **facts))
    assert found is not None
    assert found.reasoning is reasons


def test_defaults_of_a_model_follow_the_profile() -> None:
    assert catalog.max_output_default(MODEL, profile(**SIZES)) == 512
    assert catalog.max_output_default(MODEL, profile(context_window=4096)) == 2048
    assert catalog.max_output_default(UNKNOWN, profile(UNKNOWN, context_window=100)) == 50
    efforts, default = catalog.reasoning_efforts(MODEL, profile(reasoning_efforts=("xhigh",)))
    assert (efforts, default) == (("low", "medium", "high", "xhigh"), "medium")
    assert catalog.reasoning_efforts(UNKNOWN, profile(UNKNOWN, reasoning_efforts=("low",))) == (
        *(("low",), None),
    )


def test_profile_defaults_to_that_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "profile.json"
    profile(**SIZES).write(file)
    monkeypatch.setenv("LLMAAS_PROFILE", str(file))
    assert catalog.max_output_default(MODEL) == 512
    found = catalog.find_model(MODEL)
    assert found is not None
    assert found.context == 4096


def test_choice_of_a_model_follows_the_profile() -> None:
    best = catalog.choose(needs=("tools",)).model.id
    measured = profile(best, tools=False)
    assert catalog.choose(needs=("tools",), profile=measured).model.id != best
    tools: list[Any] = [{"type": "function", "function": {"name": "f"}}]
    chosen = catalog.choose_for_request("Hi", tools=tools, profile=measured)
    assert chosen.model.id != best
    blind = {m.id: ModelProfile(vision=False) for m in catalog.all_models()}
    with pytest.raises(NoSuchModelError):
        catalog.choose(
            needs=("vision",),
            profile=Profile(measured="2026-11-30", address="x", models=blind),  # type: ignore[arg-type]
        )


def test_default_budget_is_whole_when_prompt_and_answer_are_counted_apart(sandbox: Any) -> None:
    text: str = "mot " * 3_000
    counted: dict[bool, int] = {}
    for both in (True, False):
        service = {"limits_prompt_plus_output": both}
        measured = profile(service=service, context_window=8_000)
        LLMaaS(profile=measured).chat(text, model=MODEL)
        counted[both] = sandbox.requests[-1].json["max_tokens"]
    assert counted[False] == 4_000
    assert counted[True] <= 4_000


def test_batch_is_refused_before_sending_when_the_service_offers_none(
    sandbox: Any, api: Any
) -> None:
    client = api(profile=profile(service={"batches": False}))
    with pytest.raises(llmaas.InvalidInputError, match="does not accept batches"):
        client.do("submit_batch", ["Hi"], model=MODEL)
    assert not sandbox.requests
