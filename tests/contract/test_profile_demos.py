"""Demos with the profile of a real vLLM: no request that it refuses, in any framework.

``tests/profiles/vllm-0.32.0.json`` was saved by ``llmaas probe --save``. The sandbox that is
started from it is as strict as that vLLM.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from llmaas.catalog import Profile
from llmaas_cli.demo import DemoSettings, frameworks, load_documents, run
from llmaas_sandbox import Sandbox

PROFILE = Path(__file__).parents[1] / "profiles" / "vllm-0.32.0.json"
CHAT_MODELS = ("tiny-chat-qwen", "tiny-chat-mistral")
"""One that reasons, and one whose turns must alternate and whose call ids have nine letters."""
OTHERS = {"embedding_model": "tiny-embed", "rerank_model": "tiny-cross"}
QUESTION = "Why can the answer of a reasoning model come back empty, and what is the remedy?"


def test_profile_knows_the_models_of_the_demos() -> None:
    profile = Profile.read(PROFILE)
    assert {*CHAT_MODELS, *OTHERS.values()} <= set(profile.models)
    assert profile.engine is not None
    assert profile.engine.startswith("vllm")


@pytest.mark.parametrize("chat_model", CHAT_MODELS)
@pytest.mark.parametrize("framework", sorted(frameworks()))
def test_demo_sends_nothing_that_the_service_refuses(
    framework: str, chat_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMAAS_PROFILE", str(PROFILE))
    with Sandbox(profile=PROFILE) as box, ThreadPoolExecutor(1) as thread:
        settings = DemoSettings(box.base_url, box.api_key, chat_model, **OTHERS)
        pieces: list[str] = []
        result = thread.submit(
            run, frameworks()[framework], QUESTION, load_documents(),
            settings=settings, out=pieces.append,
        ).result()  # fmt: skip
        sent = [(record.path, record.status) for record in box.requests]
    assert result.answer
    assert len(sent) >= 3
    assert {status for _, status in sent} == {200}
