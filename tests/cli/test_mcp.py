"""The MCP server, asked by the SDK's own client over stdio and over HTTP."""

from __future__ import annotations

import base64
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import McpError
from mcp.types import CancelledNotification, CancelledNotificationParams, ClientNotification

from llmaas import AsyncLLMaaS, catalog
from llmaas_cli.mcp import Callers, create_server
from tests.helpers import corpus
from tests.helpers.waiting import eventually

NAMES = {"chat", "embed", "rerank", "transcribe", "speak", "image", "models", "cost"}


@pytest.fixture(autouse=True)
def packaged_catalog() -> Iterator[None]:
    yield
    catalog.reset()


@asynccontextmanager
async def over_stdio(sandbox: Any, *arguments: str, **env: str) -> AsyncIterator[ClientSession]:
    where = {"LLMAAS_BASE_URL": sandbox.base_url, "LLMAAS_API_KEY": sandbox.api_key}
    program = StdioServerParameters(
        command=sys.executable,
        args=["-m", "llmaas_cli", "mcp", *arguments],
        env={**os.environ, **where, **env},
    )
    async with stdio_client(program) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


@contextmanager
def served(callers: Callers, **options: Any) -> Iterator[str]:
    """Yield the address of a server over HTTP."""
    app = create_server(callers, json_response=False, **options).streamable_http_app()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


@asynccontextmanager
async def over_http(url: str, key: str | None) -> AsyncIterator[ClientSession]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx.AsyncClient(headers=headers, timeout=30) as http,
        streamable_http_client(url, http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


def words(result: Any) -> str:
    return "".join(getattr(part, "text", "") for part in result.content)


async def test_every_tool_works_over_stdio(sandbox: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(corpus.WAV)
    sandbox.script([{"content": "Paris", "path": "/v1/chat/completions"}])
    async with over_stdio(sandbox, "--budget", "1", "--folder", str(tmp_path)) as session:
        assert {tool.name for tool in (await session.list_tools()).tools} == NAMES
        chatted = await session.call_tool("chat", {"prompt": "Capital?", "system": "Be brief."})
        assert chatted.structuredContent is not None
        assert chatted.structuredContent["text"] == "Paris"
        assert chatted.structuredContent["cost_eur"] > 0
        embedded = await session.call_tool("embed", {"texts": ["a", "b"]})
        assert embedded.structuredContent is not None
        assert [len(v) for v in embedded.structuredContent["vectors"]] == [1024, 1024]
        assert words(embedded) == "2 vectors of 1024 numbers, by bge-m3:567m."
        ranked = await session.call_tool("rerank", {"query": "a cat", "documents": ["x", "a cat"]})
        assert ranked.structuredContent is not None
        assert ranked.structuredContent["results"][0]["document"] == "a cat"
        for recording in (
            {"file": "a.wav"},
            {"audio_base64": base64.b64encode(corpus.WAV).decode()},
        ):
            heard = await session.call_tool("transcribe", recording)
            assert heard.structuredContent is not None
            assert isinstance(heard.structuredContent["text"], str)
        [audio] = (await session.call_tool("speak", {"text": "Hi", "audio_format": "wav"})).content
        assert base64.b64decode(audio.data)[:4] == b"RIFF"  # type: ignore[union-attr]
        [image] = (await session.call_tool("image", {"prompt": "a lighthouse"})).content
        assert image.mimeType == "image/png"  # type: ignore[union-attr]
        listed = await session.call_tool("models", {"category": "chat", "needs": ["tools"]})
        assert listed.structuredContent is not None
        tools = [model["tools"] for model in listed.structuredContent["models"]]
        assert tools
        assert all(tools)
        left = await session.call_tool("cost", {"text": "hello", "completion_tokens": 1_000_000})
        assert left.structuredContent is not None
        assert left.structuredContent["estimate_eur"] == pytest.approx(8, rel=0.01)
        assert 0 < left.structuredContent["spent_eur"] < 1


async def test_answer_is_a_value_when_a_schema_is_given(sandbox: Any) -> None:
    sandbox.script([{"content": 'Here: {"name": "Lyon"}'}])
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    async with over_stdio(sandbox) as session:
        answer = await session.call_tool("chat", {"prompt": "A city", "json_schema": schema})
    assert answer.structuredContent is not None
    assert answer.structuredContent["parsed"] == {"name": "Lyon"}


async def test_progress_is_told_when_an_answer_is_streamed(sandbox: Any) -> None:
    sandbox.script([{"content": "one two three"}])
    told: list[str | None] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with over_stdio(sandbox) as session:
        await session.call_tool("chat", {"prompt": "Count"}, progress_callback=note)
    assert "".join(text or "" for text in told).endswith("one two three")


async def test_budget_is_kept_when_it_is_spent(sandbox: Any) -> None:
    async with over_stdio(sandbox, "--budget", "0.0001") as session:
        refused = await session.call_tool("chat", {"prompt": "x" * 4_000})
    assert refused.isError
    assert "BudgetExceededError" in words(refused)
    assert not [r for r in sandbox.requests if r.path.endswith("completions")]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("chat", {"prompt": "x", "model": "nobody:1b"}, "ModelNotFoundError"),
    ("transcribe", {}, "either audio_base64 or file"),
    ("transcribe", {"audio_base64": "?"}, "not base64"),
    ("transcribe", {"file": "../secret.wav"}, "not a file of the server's folder"),
    ("transcribe", {"file": "/etc/hostname"}, "not a file of the server's folder"),
    ("transcribe", {"file": "link.wav"}, "not a file of the server's folder"),
    ("chat", {}, "prompt"),
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
            result = await session.call_tool(name, arguments)
            assert result.isError, (name, arguments)
            assert said in words(result)
            assert sandbox.api_key not in words(result)


async def test_no_file_is_opened_without_a_folder(sandbox: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(corpus.WAV)
    async with over_stdio(sandbox) as session:
        result = await session.call_tool("transcribe", {"file": str(tmp_path / "a.wav")})
    assert result.isError
    assert "opens no files" in words(result)


async def test_each_caller_spends_its_own_budget_over_http(sandbox: Any) -> None:
    client = AsyncLLMaaS(api_key="sk-of-the-server", base_url=sandbox.base_url)
    with served(Callers(client, budget_eur=1, over_http=True)) as url:
        async with over_http(url, sandbox.api_key) as session:
            answer = await session.call_tool("chat", {"prompt": 'Say "a"'})
            assert not answer.isError, words(answer)
            spent = await session.call_tool("cost", {})
            assert spent.structuredContent is not None
            assert spent.structuredContent["spent_eur"] > 0
        async with over_http(url, "sk-of-another") as session:
            spent = await session.call_tool("cost", {})
            assert spent.structuredContent is not None
            assert spent.structuredContent["spent_eur"] == 0
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
            async with over_http(url, None) as session:
                answer = await session.call_tool("chat", {"prompt": 'Say "a"'})
        assert answer.isError is not shares_key
        assert shares_key or "Authorization: Bearer" in words(answer)


async def test_request_ends_when_the_host_cancels_a_call(sandbox: Any) -> None:
    sandbox.script([{"content": "slow", "delay": 60}])
    client = AsyncLLMaaS(api_key=sandbox.api_key, base_url=sandbox.base_url)
    with served(Callers(client, over_http=True)) as url:
        async with over_http(url, sandbox.api_key) as session, anyio.create_task_group() as group:
            call = session._request_id
            group.start_soon(refused, session)
            await anyio.to_thread.run_sync(eventually, lambda: list(sandbox.requests))
            params = CancelledNotificationParams(requestId=call)
            note = CancelledNotification(params=params)
            await session.send_notification(ClientNotification(note))
            await anyio.to_thread.run_sync(eventually, lambda: sandbox.requests[0].finished)


async def refused(session: ClientSession) -> None:
    with pytest.raises(McpError, match="cancelled"):
        await session.call_tool("chat", {"prompt": "x"})
