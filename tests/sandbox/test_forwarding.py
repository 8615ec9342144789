from collections.abc import Iterator
from typing import Any

import openai
import pytest

from llmaas_sandbox import Sandbox

HELLO: Any = [{"role": "user", "content": 'Say "Bonjour"'}]


@pytest.fixture
def engine(llmaas_sandbox: Any) -> Any:
    """An OpenAI-compatible engine: here another sandbox."""
    return llmaas_sandbox


@pytest.fixture
def gateway(engine: Any) -> Iterator[Sandbox]:
    with Sandbox(
        upstream=engine.base_url, upstream_key=engine.api_key, api_keys=("sk-mine",)
    ) as box:
        yield box


@pytest.fixture
def client(gateway: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=gateway.base_url, api_key="sk-mine", max_retries=0) as client:
        yield client


def tokens(box: Sandbox, key: str) -> int:
    found = box.state.keys.find(key)
    assert found is not None
    return sum(
        box.state.meter.counters.read((f"tokens:{found.id}:h{int(box.state.clock.now() // 3600)}",))
    )


def test_the_engine_answers_and_the_gateway_counts(
    client: Any, gateway: Sandbox, engine: Any
) -> None:
    answer = client.chat.completions.create(model="gemma4:31b", messages=HELLO)
    assert answer.choices[0].message.content == "Bonjour"
    assert tokens(gateway, "sk-mine") == answer.usage.completion_tokens
    assert [r.path for r in engine.requests] == ["/v1/chat/completions"]
    record = list(gateway.state.audit_log.records())[-1]
    assert (record["model"], record["completion_tokens"]) == (
        "gemma4:31b",
        answer.usage.completion_tokens,
    )


def test_a_stream_passes_while_it_comes(client: Any, gateway: Sandbox) -> None:
    asked: Any = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(model="gemma4:31b", messages=HELLO, **asked))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "Bonjour"
    assert tokens(gateway, "sk-mine") == chunks[-1].usage.completion_tokens > 0


def test_the_gateway_s_rules_hold(gateway: Sandbox, engine: Any) -> None:
    limited = gateway.make_key("acme", models=["qwen*"], hourly_tokens=1)
    with openai.OpenAI(base_url=gateway.base_url, api_key=limited, max_retries=0) as client:
        with pytest.raises(openai.PermissionDeniedError):
            client.chat.completions.create(model="gemma4:31b", messages=HELLO)
        client.chat.completions.create(model="qwen3.6:35b", messages=HELLO)
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="qwen3.6:35b", messages=HELLO)
    assert len(engine.requests) == 1


def test_the_engine_s_refusals_come_through(client: Any) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="only-the-engine-knows", messages=HELLO)
    assert caught.value.code == "model_not_found"
    assert client.embeddings.create(model="bge-m3:567m", input="x").data[0].embedding
    assert len(client.models.list().data) == 43


def test_an_engine_that_is_away_is_a_bad_gateway() -> None:
    with (
        Sandbox(upstream="http://127.0.0.1:9") as box,
        openai.OpenAI(base_url=box.base_url, api_key=box.api_key, max_retries=0) as client,
        pytest.raises(openai.InternalServerError) as caught,
    ):
        client.chat.completions.create(model="gemma4:31b", messages=HELLO)
    assert caught.value.status_code == 502
