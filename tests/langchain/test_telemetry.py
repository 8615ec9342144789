"""Our telemetry beside an instrumentation of LangChain that makes spans by callbacks."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from opentelemetry import context, trace

from langchain_llmaas import ChatLLMaaS
from llmaas import telemetry
from tests.helpers.telemetry import Seen


class Instrumentation(BaseCallbackHandler):
    """A span around each call of a model, current while it runs, as instrumentations make it."""

    run_inline = True

    def __init__(self, seen: Seen) -> None:
        self._tracer = seen.traces.get_tracer("opentelemetry.instrumentation.langchain")

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        facts = {"gen_ai.operation.name": "chat", "llm.request.type": "chat"}
        self._span = self._tracer.start_span("chat", attributes=facts)
        self._token = context.attach(trace.set_span_in_context(self._span))

    def on_llm_end(self, response: Any, **_: Any) -> None:
        used = response.generations[0][0].message.usage_metadata
        self._span.set_attribute("gen_ai.usage.input_tokens", used["input_tokens"])
        self._span.end()
        context.detach(self._token)


@pytest.mark.parametrize("beside", [False, True])
def test_tokens_are_counted_once(sandbox: Any, beside: bool) -> None:
    seen = Seen()
    seen.watch()
    try:
        callbacks = [Instrumentation(seen)] if beside else []
        answer = ChatLLMaaS(model="llama3.3:70b").invoke("?", config={"callbacks": callbacks})
    finally:
        telemetry.uninstrument()
    [span] = seen.spans
    assert span.attributes["llmaas.cost_micro_eur"] > 0
    assert seen.input_tokens() == answer.usage_metadata["input_tokens"] > 0
