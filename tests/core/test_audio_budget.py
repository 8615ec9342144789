"""Budgets reserve the price of audio before it is sent, by its length."""

from __future__ import annotations

import asyncio
import io
import struct
import wave
from typing import Any

import numpy as np
import pytest
import soundfile

import llmaas
from llmaas import AsyncLLMaaS
from llmaas.documents.audio_length import longest_seconds
from llmaas.quota import Budget
from llmaas.realtime import listen

MINUTE = 0.01
WRITERS = {
    "wav": {"format": "WAV"},
    "rf64": {"format": "RF64"},
    "aiff": {"format": "AIFF"},
    "flac": {"format": "FLAC"},
    "vorbis": {"format": "OGG", "subtype": "VORBIS"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {"format": "MP3"},
    "mp3-variable": {"format": "MP3", "bitrate_mode": "VARIABLE"},
}


def silence(seconds: float, rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(bytes(2 * round(seconds * rate)))
    return file.getvalue()


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4(seconds: float, *, version: int = 0) -> bytes:
    layout, zeros = (">IIIII", 0), (0, 0)
    if version:
        layout = (">IQQIQ", 1 << 24)
    header = struct.pack(layout[0], layout[1], *zeros, 1_000, round(seconds * 1_000))
    moov = box(b"moov", box(b"mvhd", header, bytes(80)))
    return box(b"ftyp", b"M4A isom") + box(b"mdat", bytes(5_000)) + moov


def webm(seconds: float) -> bytes:
    info = b"\x2a\xd7\xb1\x83\x0f\x42\x40" + b"\x44\x89\x88" + struct.pack(">d", seconds * 1_000)
    return b"\x1aE\xdf\xa3" + bytes(40) + info + bytes(2_000)


def adts(seconds: float) -> bytes:
    frame = b"\xff\xf1\x58\x40\x06\x5f\xfc" + bytes(43)  # 24 kHz, 50 bytes, 1,024 samples
    return frame * round(seconds * 24_000 / 1_024)


@pytest.mark.parametrize("name", WRITERS)
def test_length_is_measured_when_the_format_tells_it(name: str) -> None:
    file = io.BytesIO()
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, 24_000 * 7)
    soundfile.write(file, noise, 24_000, **WRITERS[name])
    assert longest_seconds(file.getvalue()) == pytest.approx(7, abs=0.15)


@pytest.mark.parametrize("make", [mp4, lambda s: mp4(s, version=1), webm, adts])
def test_length_is_measured_when_the_container_tells_it(make: Any) -> None:
    assert longest_seconds(make(7)) == pytest.approx(7, abs=0.15)


def test_length_is_that_of_all_streams_when_ogg_files_are_joined() -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(24_000 * 7), 24_000, format="OGG", subtype="OPUS")
    first = file.getvalue()
    serial = first[14:18]
    other = first.replace(serial, bytes(byte ^ 1 for byte in serial))
    assert longest_seconds(first + other) == pytest.approx(14, abs=0.3)


@pytest.mark.parametrize(
    "data",
    [b"This is not audio.", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"FORM\0\0\0\0AIFF",
     b"\0\0\0\x18ftypM4A ", b"\x1aE\xdf\xa3", b"", mp4(0), silence(0)[:20]],
)  # fmt: skip
def test_length_is_the_most_that_a_codec_stores_when_it_is_unknown(data: bytes) -> None:
    assert len(data) / 500 <= longest_seconds(data) <= len(data) / 500 + 1


@pytest.mark.parametrize("make", [silence, mp4, webm, adts])
def test_length_is_a_number_when_a_file_is_cut_or_damaged(make: Any) -> None:
    whole = make(0.2)
    for at in range(0, len(whole), 7):
        damaged = whole[:at] + b"\xff" * 8 + whole[at + 8 :]
        assert 0 <= longest_seconds(whole[:at]) < 1e12
        assert 0 < longest_seconds(damaged) < float("inf")


@pytest.mark.parametrize("size", [0, 10, 0xFFFF_FFFF])
def test_length_counts_the_bytes_when_the_header_of_a_stream_has_no_size(size: int) -> None:
    data = bytearray(silence(7))
    data[40:44] = struct.pack("<I", size)
    wanted = 7 if size != 10 else 10 / 32_000
    assert longest_seconds(bytes(data)) == pytest.approx(wanted)


def test_budget_refuses_a_transcription_that_could_exceed_it(sandbox: Any, api: Any) -> None:
    budget = Budget(1.5 * MINUTE)
    client = api(hooks=[budget])
    with pytest.raises(llmaas.BudgetExceededError, match=r"may cost 0\.020000 EUR"):
        client.do("transcribe", silence(61))
    assert not sandbox.requests
    assert budget.spent == 0


def test_budget_counts_each_started_minute_when_audio_is_transcribed(
    sandbox: Any, api: Any
) -> None:
    budget = Budget(1)
    client = api(hooks=[budget])
    client.do("transcribe", silence(60))
    assert budget.spent == pytest.approx(MINUTE)
    client.do("transcribe", ("a.wav", silence(61)))
    assert budget.spent == pytest.approx(3 * MINUTE)


def test_budget_is_free_again_when_a_transcription_is_refused(sandbox: Any, api: Any) -> None:
    budget = Budget(1)
    with pytest.raises(llmaas.BadRequestError):
        api(hooks=[budget]).do("transcribe", b"This is not audio.")
    assert budget.spent == 0


def test_budget_of_a_block_covers_transcriptions(sandbox: Any) -> None:
    client = llmaas.LLMaaS()
    with client.budget(0.5 * MINUTE), pytest.raises(llmaas.BudgetExceededError):
        client.transcribe(silence(1))
    assert not sandbox.requests


def test_budget_refuses_an_utterance_of_live_audio_before_it_connects(sandbox: Any) -> None:
    budget = Budget(0.5 * MINUTE)

    async def read() -> None:
        async for _ in listen(AsyncLLMaaS(hooks=[budget]), bytes(32_000)):
            pass

    with pytest.raises(llmaas.BudgetExceededError):
        asyncio.run(read())
    assert budget.spent == 0


def test_budget_settles_an_utterance_on_its_length(sandbox: Any) -> None:
    budget = Budget(1)

    async def read() -> None:
        async for _ in listen(AsyncLLMaaS(hooks=[budget]), bytes(32_000), longest=300):
            pass

    asyncio.run(read())
    assert budget.spent == pytest.approx(MINUTE)
