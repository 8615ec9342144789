"""Live transcription over real sockets: the sandbox, and a server that says what a test wants."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from llmaas import AsyncLLMaaS, errors
from llmaas.realtime import FinalText, PartialText, Pause, listen, resampled
from llmaas.usage_log import UsageLog, report

SECOND = b"".join(struct.pack("<h", int(8_000 * math.sin(i / 10))) for i in range(16_000))
DELTA, DONE = "transcription.delta", "transcription.done"


async def heard(client: AsyncLLMaaS, source: Any, **options: Any) -> list[Any]:
    return [event async for event in listen(client, source, **options)]


def texts(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, FinalText)]


@asynccontextmanager
async def scripted(
    serve: Callable[[web.WebSocketResponse, list[Any]], Awaitable[None]],
) -> AsyncIterator[tuple[AsyncLLMaaS, list[Any]]]:
    """Yield a client of a server that ``serve`` plays, and the messages that it got."""
    got: list[Any] = []

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        got.append(dict(request.headers))
        await serve(socket, got)
        return socket

    app = web.Application()
    app.router.add_get("/v1/realtime", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield AsyncLLMaaS(api_key="sk-test", base_url=f"http://127.0.0.1:{port}/v1"), got
    finally:
        await runner.cleanup()


async def collect(events: list[Any], client: AsyncLLMaaS) -> None:
    async for event in listen(client, SECOND):
        events.append(event)  # noqa: PERF401 - what came before an error counts


async def until_final(socket: web.WebSocketResponse, got: list[Any]) -> None:
    """Take messages until the audio ends."""
    async for message in socket:
        got.append(json.loads(message.data))
        if got[-1].get("final"):
            return


async def test_text_grows_when_the_service_transcribes(sandbox: Any) -> None:
    events = await heard(AsyncLLMaaS(), SECOND)
    *partial, final = events
    assert all(isinstance(event, PartialText) for event in partial)
    assert "".join(event.delta for event in partial) == partial[-1].text == final.text
    assert all(event.delta for event in partial)  # heartbeats are no events
    assert (final.seconds, final.cost_micro_eur) == (1.0, 10_000)
    assert final.session_id.startswith("sess-")
    assert final.extra["usage"]["total_tokens"] > 0


async def test_each_utterance_connects_anew_when_a_speaker_pauses(sandbox: Any) -> None:
    source = [Pause, SECOND, b"", Pause, Pause(), SECOND[:1_000], SECOND[:1_001]]
    events = await heard(AsyncLLMaaS(), source)
    assert [event.seconds for event in events if isinstance(event, FinalText)] == [
        1.0,
        2_001 / 32_000,
    ]
    assert [r.path for r in sandbox.requests] == ["/v1/realtime"] * 2


async def test_utterance_ends_when_it_is_as_long_as_it_may_be(sandbox: Any) -> None:
    events = await heard(AsyncLLMaaS(), SECOND * 3, longest=1)
    seconds = [event.seconds for event in events if isinstance(event, FinalText)]
    assert len(seconds) == 3
    assert sum(seconds) == 3.0


async def test_audio_is_sent_while_it_comes() -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        await socket.send_json({"type": "session.created", "id": "sess-1"})
        async for message in socket:
            got.append(json.loads(message.data))
            if got[-1]["type"].endswith("append"):
                await socket.send_json({"type": DELTA, "delta": f"{len(got)} "})
                asked.put_nowait("next")
            if got[-1].get("final"):
                await socket.send_json({"type": DONE})
                return

    async def microphone() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(4_096)
            await asyncio.wait_for(asked.get(), 30)  # the next frame only once this one was heard

    async with scripted(serve) as (client, got):
        [*partial, final] = await heard(client, microphone())
    assert len(partial) == 3
    assert final.text == partial[-1].text
    headers, first, second, *appended, last = got
    assert headers["Authorization"] == "Bearer sk-test"
    assert first == {
        "type": "session.update",
        "model": "mistralai/Voxtral-Mini-4B-Realtime-2602",
    }
    assert second == {"type": "input_audio_buffer.commit"}
    assert [len(base64.b64decode(message["audio"])) for message in appended] == [4_096] * 3
    assert last == {"type": "input_audio_buffer.commit", "final": True}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "error", "error": "Missing required field: model"}, "Missing required field"),
        ({"type": "error", "error": {"message": "overloaded", "code": 503}}, "overloaded"),
        ({"type": "error"}, "no reason"),
    ],
)
async def test_error_of_the_service_is_raised_with_the_text_before_it(
    message: Any, said: str
) -> None:
    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        await socket.send_json({"type": DELTA, "delta": "half"})
        await socket.send_json(message)
        await until_final(socket, got)

    events: list[Any] = []
    async with scripted(serve) as (client, _):
        with pytest.raises(errors.StreamError, match=said):
            await collect(events, client)
    assert [event.text for event in events] == ["half"]


@pytest.mark.parametrize("when", ["at once", "after the audio", "abruptly"])
async def test_connection_that_ends_too_early_is_an_error(when: str) -> None:
    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        if when != "at once":
            await until_final(socket, got)
        if when == "abruptly":
            assert socket._req is not None
            assert socket._req.transport is not None
            socket._req.transport.abort()

    async with scripted(serve) as (client, _):
        with pytest.raises(errors.APIConnectionError):
            await heard(client, SECOND)


BROKEN_FRAMES = {
    "reserved bits": b"\xf1\x05hello",
    "unknown opcode": b"\x83\x02hi",
    "not UTF-8": b"\x81\x02\xff\xfe",
    "too large": b"\x81\x7f\x00\x00\x00\x00\x10\x00\x00\x00",
    "closed for a reason": b"\x88\x0c\x03\xf0too loud!!",
}


@pytest.mark.parametrize("frame", BROKEN_FRAMES.values(), ids=BROKEN_FRAMES)
async def test_server_that_breaks_the_protocol_is_a_connection_error(frame: bytes) -> None:
    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        await socket.send_json({"type": DELTA, "delta": "half"})
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.write(frame)
        await until_final(socket, got)

    events: list[Any] = []
    async with scripted(serve) as (client, _):
        with pytest.raises(errors.APIConnectionError):
            await collect(events, client)
    assert [event.text for event in events] == ["half"]


async def test_reported_error_hides_the_key_when_the_service_echoes_it() -> None:
    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        await until_final(socket, got)
        await socket.send_json({"type": "error", "error": "sk-test is unknown"})

    async with scripted(serve) as (client, _):
        with pytest.raises(errors.StreamError, match="is unknown") as caught:
            await heard(client, SECOND)
    assert "sk-test" not in str(caught.value)


@asynccontextmanager
async def refusing(status: int, headers: dict[str, str]) -> AsyncIterator[AsyncLLMaaS]:
    """Yield a client of a server that answers requests without upgrading the connection."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_get("/v1/realtime", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield AsyncLLMaaS(api_key="sk-test", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


async def test_refused_connection_has_the_recommended_wait() -> None:
    async with refusing(429, {"Retry-After": "3"}) as client:
        with pytest.raises(errors.RateLimitError) as caught:
            await heard(client, SECOND)
    assert caught.value.retry_after == 3


async def test_redirect_is_not_followed(sandbox: Any) -> None:
    async with refusing(307, {"Location": f"{sandbox.root_url}/v1/realtime"}) as client:
        with pytest.raises(errors.APIStatusError, match="not sent to another address") as caught:
            await heard(client, SECOND)
    assert caught.value.status_code == 307
    assert not list(sandbox.requests)


async def test_server_without_websockets_is_a_connection_error() -> None:
    async with refusing(200, {}) as client:
        with pytest.raises(errors.APIConnectionError, match="does not support WebSockets"):
            await heard(client, SECOND)


async def test_silent_server_is_an_error_after_the_timeout() -> None:
    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        await until_final(socket, got)
        await socket.receive()

    async with scripted(serve) as (client, _):
        with pytest.raises(errors.APITimeoutError, match=r"nothing for 0\.2 s"):
            await heard(client, SECOND, silence=0.2)


async def test_noise_of_a_server_is_ignored() -> None:
    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        await until_final(socket, got)
        for noise in ("", "null", "[]", "{", '{"type": "new.kind"}', '{"type": null}'):
            await socket.send_str(noise)
        await socket.send_json({"type": DELTA, "delta": None})
        await socket.send_bytes(json.dumps({"type": DELTA, "delta": "a"}).encode())
        await socket.send_json({"type": DONE, "usage": None})

    async with scripted(serve) as (client, _):
        assert texts(await heard(client, SECOND)) == ["a"]


async def test_socket_is_closed_when_the_listener_leaves() -> None:
    closed = asyncio.Event()

    async def serve(socket: web.WebSocketResponse, got: list[Any]) -> None:
        await socket.send_json({"type": DELTA, "delta": "a"})
        await until_final(socket, got)
        await socket.receive()
        closed.set()

    async with scripted(serve) as (client, _):
        events = listen(client, SECOND)
        assert (await anext(events)).text == "a"
        await events.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(closed.wait(), 30)


async def test_refused_key_is_an_authentication_error(sandbox: Any) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        await heard(AsyncLLMaaS(api_key="sk-wrong-key"), SECOND)
    assert "sk-wrong-key" not in str(caught.value)


async def test_unreachable_service_is_a_connection_error() -> None:
    client = AsyncLLMaaS(api_key="sk-x", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(errors.APIConnectionError):
        await heard(client, SECOND)


async def test_watchers_see_each_utterance(sandbox: Any, tmp_path: Path) -> None:
    log = tmp_path / "usage.jsonl"
    client = AsyncLLMaaS(hooks=[UsageLog(log)])
    await heard(client, [SECOND, Pause, SECOND])
    [row] = report(log, "operation")
    assert (row.group, row.calls, row.cost_micro_eur) == ("transcription", 2, 20_000)
    before = len(list(sandbox.requests))
    with pytest.raises(errors.BudgetExceededError):
        await heard(AsyncLLMaaS(hooks=[Refuses()]), SECOND)
    assert len(list(sandbox.requests)) == before


class Refuses:
    """A hook that lets no call through."""

    def before_call(self, about: Any) -> Any:
        raise errors.BudgetExceededError("no money")
        yield

    def after_call(self, ticket: Any, outcome: Any) -> Any:
        yield from ()


@pytest.mark.parametrize("source", ["text", 7, None, [1], ["text"]])
async def test_what_is_not_audio_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="must be bytes"):
        await heard(AsyncLLMaaS(api_key="sk-x", base_url="http://127.0.0.1:9/v1"), source)


async def test_length_of_an_utterance_must_be_positive() -> None:
    with pytest.raises(errors.InvalidInputError, match="longest must be > 0, got 0"):
        await heard(AsyncLLMaaS(api_key="sk-x"), SECOND, longest=0)


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (-1, 2), (8_000, 0)])
def test_rate_and_channels_must_be_positive(rate: int, channels: int) -> None:
    with pytest.raises(errors.InvalidInputError, match=f"channels={channels}"):
        resampled(SECOND, rate, channels)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (44_100, 2), (48_000, 1), (16_000, 2)])
def test_samples_of_any_rate_keep_their_tone(rate: int, channels: int) -> None:
    tone = [int(9_000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(rate)]
    pcm = b"".join(struct.pack("<h", sample) * channels for sample in tone)
    heard_at_16k = struct.unpack("<16000h", resampled(pcm, rate, channels))
    crossings = sum(a < 0 <= b for a, b in pairwise(heard_at_16k))
    assert abs(crossings - 440) <= 2
    assert 8_000 < max(heard_at_16k) < 10_000


async def test_file_of_any_rate_is_transcribed(sandbox: Any, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(bytes(4 * 44_100))
    [final] = [e for e in await heard(AsyncLLMaaS(), tmp_path / "a.wav") if e is not None][-1:]
    assert final.seconds == pytest.approx(1.0)
    (tmp_path / "b.mp3").write_bytes(b"not audio")
    with pytest.raises(ValueError, match=r"b\.mp3 cannot be read as audio"):
        await heard(AsyncLLMaaS(), tmp_path / "b.mp3")
    with pytest.raises(FileNotFoundError):
        await heard(AsyncLLMaaS(), tmp_path / "c.wav")
