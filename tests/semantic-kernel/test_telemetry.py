"""Our telemetry together with the kernel's diagnostics: tokens are counted once."""

from __future__ import annotations

from typing import Any

import pytest
from semantic_kernel.contents import ChatHistory
from semantic_kernel.utils.telemetry.model_diagnostics import decorators

from llmaas import telemetry
from semantic_kernel_llmaas import LLMaaSChatCompletion, LLMaaSChatPromptExecutionSettings
from tests.helpers.telemetry import Seen


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Any:
    seen = Seen()
    monkeypatch.setattr(decorators, "tracer", seen.traces.get_tracer(decorators.__name__))
    settings = decorators.MODEL_DIAGNOSTICS_SETTINGS
    monkeypatch.setattr(settings, "enable_otel_diagnostics", True)
    seen.watch()
    yield seen
    telemetry.uninstrument()


@pytest.mark.parametrize("stream", [False, True])
async def test_tokens_are_counted_once(sandbox: Any, seen: Seen, stream: bool) -> None:
    history, settings = ChatHistory(), LLMaaSChatPromptExecutionSettings()
    history.add_user_message("Bonjour ?")
    service = LLMaaSChatCompletion("llama3.3:70b")
    if stream:
        async for _ in service.get_streaming_chat_message_contents(history, settings):
            pass
    else:
        await service.get_chat_message_content(history, settings)
    [span] = seen.spans
    assert span.name == "chat llama3.3:70b"
    assert span.attributes["llmaas.cost_micro_eur"] > 0
    assert seen.input_tokens() == seen.counted() > 0
