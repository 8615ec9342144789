"""Security finding 15: no variable of our frames shows a key that a service echoes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

import llmaas
from llmaas._redaction import exception_chain
from tests.helpers.servers.fake_engine import engine

KEY = "sk-echoed-0123456789"
GATEWAY = "gateway-secret-0123456789"
HEADERS = {"X-Gateway-Token": GATEWAY}

ECHOES: dict[str, Any] = {
    "status": (401, {"error": {"message": f"bad key {KEY}", "param": GATEWAY}}),
    "retried-status": (503, {"error": {"message": f"bad key {KEY} {GATEWAY}"}}),
    "overflow": (
        400,
        {"error": {"message": f"{KEY} {GATEWAY}: maximum context length is 9 tokens"}},
    ),
    "no-answer": (200, f"<html>{KEY} {GATEWAY}</html>".encode()),
    "broken": (200, json.dumps({"error": {"message": f"{KEY} {GATEWAY}"}}).encode()),
    "event": (200, f'data: {{"error": {{"message": "{KEY} {GATEWAY}"}}}}\n\n'.encode()),
}


def frames_of(error: BaseException) -> Iterator[FrameType]:
    for link in exception_chain(error):
        trace = link.__traceback__
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next


def leaks(error: BaseException) -> list[str]:
    found = []
    for frame in frames_of(error):
        if "/llmaas/" not in frame.f_code.co_filename.replace("\\", "/"):
            continue
        for name, value in frame.f_locals.items():
            shown = repr(value)
            if KEY in shown or GATEWAY in shown:
                found.append(f"{frame.f_code.co_qualname}: {name} = {shown[:150]}")
    return found


CALLS: dict[str, Callable[[Any], Any]] = {
    "chat": lambda client: client.chat("Hi", model="m", extra_headers=HEADERS),
    "embed": lambda client: client.embed(["a"], model="m", extra_headers=HEADERS),
    "rerank": lambda client: client.rerank("a", ["b"], model="m", extra_headers=HEADERS),
    "speak": lambda client: client.speak("a", model="m", extra_headers=HEADERS),
    "submit_batch": lambda client: client.submit_batch(["a"], model="m", extra_headers=HEADERS),
    "fallbacks": lambda client: client.chat(
        "Hi", model="m", fallbacks=["n"], extra_headers=HEADERS
    ),
    "schema": lambda client: client.chat(
        "Hi", model="m", response_format={"type": "json_object"}, extra_headers=HEADERS
    ),
}


def read(client: Any) -> None:
    with client.stream("Hi", model="m", extra_headers=HEADERS) as stream:
        list(stream)


async def aread(client: Any) -> None:
    async with await client.stream("Hi", model="m", extra_headers=HEADERS) as stream:
        async for _ in stream:
            pass


def make_call(call: str, kind: str, options: dict[str, Any]) -> None:
    if kind == "sync":
        client = llmaas.LLMaaS(**options)
        read(client) if call == "stream" else CALLS[call](client)
    else:
        other = llmaas.AsyncLLMaaS(**options)
        asyncio.run(aread(other) if call == "stream" else CALLS[call](other))


@pytest.mark.parametrize("way", ["client-headers", "call-headers"])
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("call", [*CALLS, "stream"])
def test_finding_15_no_variable_of_a_frame_shows_an_echoed_key(
    call: str, echo: str, kind: str, way: str
) -> None:
    headers = HEADERS if way == "client-headers" else None
    options: dict[str, Any] = {"api_key": KEY, "headers": headers, "max_retries": 1}
    with engine(lambda _: ECHOES[echo]) as served, pytest.raises(llmaas.LLMaaSError) as caught:
        make_call(call, kind, {**options, "base_url": served.base_url})
    error = caught.value
    assert KEY not in f"{error} {error!r} {vars(error)}"
    assert leaks(error) == []
