"""The MCP server, asked by the SDK's own client over stdio and over HTTP."""

from __future__ import annotations

import base64
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest

from llmaas import AsyncLLMaaS, catalog
from llmaas_cli.mcp import Callers, create_server
from tests.helpers import corpus, mcp_client, mcp_server
from tests.helpers.waiting import soon

pytestmark = [pytest.mark.filterwarnings("ignore:Field 'lifespan'")]  # SDK 1 before 1.28
LEAVES_STREAMS = tuple(map(int, version("mcp").split(".")[:2])) < (1, 30)
"""Whether the SDK leaves streams to the garbage collector, which warns."""
if LEAVES_STREAMS:
    unraisable = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    pytestmark.append(unraisable)
NAMES = {"chat", "embed", "rerank", "transcribe", "speak", "image", "models", "cost"}


@pytest.fixture(autouse=True)
def packaged_catalog() -> Iterator[None]:
    yield
    catalog.reset()
    if LEAVES_STREAMS:
        gc.collect()  # now, while the warnings are ignored


def over_stdio(sandbox: Any, *arguments: str, **env: str) -> Any:
    where = {"LLMAAS_BASE_URL": sandbox.base_url, "LLMAAS_API_KEY": sandbox.api_key}
    args = ["-m", "llmaas_cli", "mcp", *arguments]
    return mcp_client.over_stdio(sys.executable, args, {**os.environ, **where, **env})


@contextmanager
def served(callers: Callers) -> Iterator[str]:
    """Yield the address of a server over HTTP."""
    with mcp_server.serve_app(create_server(callers).streamable_http_app()) as url:
        yield url


async def test_every_tool_works_over_stdio(sandbox: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(corpus.WAV)
    sandbox.script([{"content": "Paris", "path": "/v1/chat/completions"}])
    async with over_stdio(sandbox, "--budget", "1", "--folder", str(tmp_path)) as session:
        assert set(await session.tool_names()) == NAMES
        chatted = await session.call("chat", {"prompt": "Capital?", "system": "Be brief."})
        assert chatted.structured["text"] == "Paris"
        assert chatted.structured["cost_eur"] > 0
        embedded = await session.call("embed", {"texts": ["a", "b"]})
        assert [len(v) for v in embedded.structured["vectors"]] == [1024, 1024]
        assert embedded.text == "2 vectors of 1024 numbers, by bge-m3:567m."
        ranked = await session.call("rerank", {"query": "a cat", "documents": ["x", "a cat"]})
        assert ranked.structured["results"][0]["document"] == "a cat"
        for recording in (
            {"file": "a.wav"},
            {"audio_base64": base64.b64encode(corpus.WAV).decode()},
        ):
            heard = await session.call("transcribe", recording)
            assert isinstance(heard.structured["text"], str)
        [audio] = (await session.call("speak", {"text": "Hi", "audio_format": "wav"})).content
        assert base64.b64decode(audio.data)[:4] == b"RIFF"
        image = await session.call("image", {"prompt": "a lighthouse"})
        assert image.mime_type == "image/png"
        listed = await session.call("models", {"category": "chat", "needs": ["tools"]})
        tools = [model["tools"] for model in listed.structured["models"]]
        assert tools
        assert all(tools)
        left = await session.call("cost", {"text": "hello", "completion_tokens": 1_000_000})
        assert left.structured["estimate_eur"] == pytest.approx(8, rel=0.01)
        assert 0 < left.structured["spent_eur"] < 1


async def test_answer_is_a_value_when_a_schema_is_given(sandbox: Any) -> None:
    sandbox.script([{"content": 'Here: {"name": "Lyon"}'}])
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    async with over_stdio(sandbox) as session:
        answer = await session.call("chat", {"prompt": "A city", "json_schema": schema})
    assert answer.structured["parsed"] == {"name": "Lyon"}


async def test_progress_is_told_when_an_answer_is_streamed(sandbox: Any) -> None:
    sandbox.script([{"content": "one two three"}])
    told: list[str | None] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with over_stdio(sandbox) as session:
        await session.call("chat", {"prompt": "Count"}, on_progress=note)
    assert "".join(text or "" for text in told).endswith("one two three")


async def test_budget_is_kept_when_it_is_spent(sandbox: Any) -> None:
    async with over_stdio(sandbox, "--budget", "0.0001") as session:
        refused = await session.call("chat", {"prompt": "x" * 4_000})
    assert refused.is_error
    assert "BudgetExceededError" in refused.text
    assert not [r for r in sandbox.requests if r.path.endswith("completions")]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("chat", {"prompt": "x", "model": "nobody:1b"}, "ModelNotFoundError"),
    ("transcribe", {}, "either audio_base64 or file"),
    ("transcribe", {"audio_base64": "?"}, "not base64"),
    ("transcribe", {"file": "../secret.wav"}, "not a file of the server's folder"),
    ("transcribe", {"file": "/etc/hostname"}, "not a file of the server's folder"),
    ("transcribe", {"file": "link.wav"}, "not a file of the server's folder"),
    ("chat", {}, "prompt"),
    ("cost", {"completion_tokens": -5}, "completion_tokens"),
    ("chat", {"prompt": "x", "reasoning": "huge"}, "reasoning"),
]


async def test_error_says_what_is_wrong_when_a_call_cannot_be_made(
    sandbox: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (tmp_path / "secret.wav").write_bytes(corpus.WAV)
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    async with over_stdio(sandbox, "--folder", str(folder)) as session:
        for name, arguments, said in WRONG:
            result = await session.call(name, arguments)
            assert result.is_error, (name, arguments)
            assert said in result.text
            assert sandbox.api_key not in result.text


async def test_audio_is_accepted_in_every_form_of_base64(sandbox: Any) -> None:
    encoded = base64.b64encode(corpus.WAV).decode()
    wrapped = base64.encodebytes(corpus.WAV).decode()
    async with over_stdio(sandbox) as session:
        texts = {
            (await session.call("transcribe", {"audio_base64": form})).text
            for form in (encoded, wrapped, f"data:audio/wav;base64,{encoded}")
        }
    assert len(texts) == 1
    assert "text" in texts.pop()


async def test_no_file_is_opened_without_a_folder(sandbox: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(corpus.WAV)
    async with over_stdio(sandbox) as session:
        result = await session.call("transcribe", {"file": str(tmp_path / "a.wav")})
    assert result.is_error
    assert "opens no files" in result.text


async def test_each_caller_spends_its_own_budget_over_http(sandbox: Any) -> None:
    client = AsyncLLMaaS(api_key="sk-of-the-server", base_url=sandbox.base_url)
    with served(Callers(client, budget_eur=1, over_http=True)) as url:
        async with mcp_client.over_http(url, sandbox.api_key) as session:
            answer = await session.call("chat", {"prompt": 'Say "a"'})
            assert not answer.is_error, answer.text
            spent = await session.call("cost", {})
            assert spent.structured["spent_eur"] > 0
        async with mcp_client.over_http(url, "sk-of-another") as session:
            spent = await session.call("cost", {})
            assert spent.structured["spent_eur"] == 0
    assert "sk-of-the-server" not in str([dict(r.headers) for r in sandbox.requests])


async def test_budget_is_kept_when_many_other_keys_are_tried(sandbox: Any) -> None:
    client = AsyncLLMaaS(api_key=sandbox.api_key, base_url=sandbox.base_url)
    callers = Callers(client, budget_eur=1, over_http=True, shares_key=True)
    paying, budget = callers.authenticate()
    await paying.chat('Say "a"', model="gpt-oss:120b")
    assert budget is not None
    spent = budget.spent
    assert spent > 0
    for number in range(2_000):
        headers = {"authorization": f"Bearer sk-{number}"}
        _, other = callers.authenticate(
            httpx.Request("POST", "http://127.0.0.1/mcp", headers=headers)
        )
        assert other is not None
        assert other.spent == 0
    _, again = callers.authenticate()
    assert again is not None
    assert again.spent == spent


async def test_key_of_the_server_answers_for_nobody_else_over_http(sandbox: Any) -> None:
    client = AsyncLLMaaS(api_key=sandbox.api_key, base_url=sandbox.base_url)
    for shares_key in (False, True):
        with served(Callers(client, over_http=True, shares_key=shares_key)) as url:
            async with mcp_client.over_http(url, None) as session:
                answer = await session.call("chat", {"prompt": 'Say "a"'})
        assert answer.is_error is not shares_key
        assert shares_key or "Authorization: Bearer" in answer.text


async def test_request_ends_when_the_host_cancels_a_call(sandbox: Any) -> None:
    sandbox.script([{"content": "slow", "delay": 60}])
    client = AsyncLLMaaS(api_key=sandbox.api_key, base_url=sandbox.base_url)
    with served(Callers(client, over_http=True)) as url:
        async with mcp_client.over_http(url, sandbox.api_key) as session:
            async with session.cancelled_call("chat", {"prompt": "x"}):
                await soon(lambda: list(sandbox.requests))
            await soon(lambda: sandbox.requests[0].finished)
