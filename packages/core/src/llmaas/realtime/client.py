"""Client of live transcription, with one connection per utterance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp

from llmaas import errors
from llmaas._error_factory import build_error
from llmaas._redaction import Redactor
from llmaas.hooks import REGISTRY, CallInfo
from llmaas.model_names import RealtimeModelName
from llmaas.ops.hooked_calls import HookRunner
from llmaas.realtime.socket import BROKEN_CONNECTION, build_failure, open_socket
from llmaas.realtime.sources import Audio, Pause, Source, frames, pieces
from llmaas.realtime.utterance import (
    BYTES_PER_SECOND,
    FinalText,
    PartialText,
    ReportedError,
    Utterance,
)

if TYPE_CHECKING:
    from llmaas.client import AsyncLLMaaS

REALTIME_MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"
"""Model name of the endpoint, which does not resolve aliases (observed in production)."""


async def listen(
    client: AsyncLLMaaS,
    source: Source,
    *,
    model: RealtimeModelName = REALTIME_MODEL,
    longest: float = 60.0,
    silence: float = 60.0,
) -> AsyncIterator[PartialText | FinalText]:
    """Transcribe audio as it arrives; yield ``PartialText`` as it grows, then ``FinalText``.

    ``source`` is PCM of 16 bits, mono, 16 kHz: bytes, an iterable or async iterable of bytes of
    any size, or a ``Path`` of an audio file (extra ``realtime``). ``Pause`` in it ends an
    utterance, and so do ``longest`` seconds of audio; the service takes one utterance a
    connection, so that the next one reconnects. ``silence`` is how many seconds the server
    may say nothing after the end of an utterance.

    Raises the ``APIError`` of a refused connection, ``StreamError`` for an error that the
    service reports, and ``APIConnectionError`` where the connection breaks: text that came is
    in the events before. Hooks of the client (budgets, quotas, logs) see each utterance.
    """
    if longest <= 0:
        raise errors.InvalidInputError(f"longest must be > 0, got {longest}.")
    audio, most = pieces(source), max(1, round(longest * BYTES_PER_SECOND))
    async for first in audio:
        if not isinstance(first, bytes):
            continue  # a pause
        async for event in _transcribe_with_hooks(
            client, model, _limit_audio(first, audio, most), most, silence
        ):
            yield event


async def _transcribe_with_hooks(
    client: AsyncLLMaaS, model: str, audio: AsyncIterator[bytes], most: int, silence: float
) -> AsyncIterator[PartialText | FinalText]:
    """Run the client's hooks around one utterance of at most about ``most`` bytes."""
    settings, run = client.settings, client._runner.run
    seconds = most / BYTES_PER_SECOND
    call = CallInfo("transcription", model, settings, (), {}, audio_seconds=seconds)
    hooks = HookRunner(REGISTRY.hooks_for(settings), call)
    await run(hooks.run_before())
    result: FinalText | None = None
    try:
        async for event in _transcribe_utterance(client, model, audio, silence):
            if isinstance(event, FinalText):
                result = event
            yield event
    except BaseException as error:
        await run(hooks.run_after(None, error))
        raise
    await run(hooks.run_after(result, None))


async def _transcribe_utterance(
    client: AsyncLLMaaS, model: str, audio: AsyncIterator[bytes], silence: float
) -> AsyncIterator[PartialText | FinalText]:
    utterance = Utterance()
    async with open_socket(client.settings) as socket:
        sending = asyncio.create_task(_send(socket, utterance, model, audio))
        try:
            while not utterance.done:
                event = await _receive(socket, utterance, sending, silence)
                if event is not None:
                    yield event
        except ReportedError as error:
            message = Redactor(client.settings.secrets).text(f"The service reported: {error}")
            raise errors.StreamError.build(message, completion=None) from None
        except BROKEN_CONNECTION as error:
            failure = build_failure(error, client.settings.root)
            raise build_error(failure, secrets=client.settings.secrets) from error
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await sending


async def _send(socket: Any, utterance: Utterance, model: str, audio: AsyncIterator[bytes]) -> None:
    for message in utterance.opening(model):
        await socket.send_str(message)
    async for piece in audio:
        await socket.send_str(utterance.audio(piece))
    await socket.send_str(utterance.ending())


async def _receive(
    socket: Any, utterance: Utterance, sending: asyncio.Task[None], silence: float
) -> PartialText | FinalText | None:
    """Receive the next event. Raises the error that ended the sending.

    There is no timeout while audio is sent, since the speaker may pause.
    """
    receiving = asyncio.ensure_future(socket.receive())
    try:
        if not sending.done():
            await asyncio.wait({receiving, sending}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not receiving.done():
            sending.result()
            await asyncio.wait({receiving}, timeout=silence)
        if not receiving.done():
            text = f"the server sent nothing for {silence:g} s after the end of the audio"
            raise aiohttp.ServerTimeoutError(text)
    finally:
        if not receiving.done():
            receiving.cancel()
    message = receiving.result()
    if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
        return utterance.receive(message.data)
    if message.type == aiohttp.WSMsgType.ERROR:
        raise message.data
    raise ConnectionError("the service closed the connection before the text was complete")


async def _limit_audio(
    first: bytes, audio: AsyncIterator[Audio], most: int
) -> AsyncIterator[bytes]:
    """Yield frames until a pause, the end, or about ``most`` bytes."""
    buffer, claimed = bytearray(first), len(first)
    while claimed < most:
        for frame in frames(buffer):
            yield frame
        piece = await anext(audio, Pause)
        if not isinstance(piece, bytes):
            break
        buffer += piece
        claimed += len(piece)
    for frame in (*frames(buffer), bytes(buffer)):
        if frame:
            yield frame
