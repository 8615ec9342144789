"""The event loop goes on whatever a component reads, draws or waits for."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from haystack.dataclasses import ByteStream, ChatMessage, FileContent

from haystack_integrations.components.audio.llmaas import LLMaaSTranscriber
from haystack_integrations.components.converters.llmaas import LLMaaSOCRDocumentConverter
from haystack_integrations.components.generators.llmaas import (
    LLMaaSBatchChatGenerator,
    LLMaaSChatGenerator,
)
from haystack_integrations.components.routers.llmaas import LLMaaSGuard


def longest_gap(work: Coroutine[Any, Any, Any]) -> tuple[float, float]:
    """Return the longest time that the loop stood still during work, and that of the work."""
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - before)

    async def both() -> float:
        hook = asyncio.create_task(watch())
        await asyncio.sleep(0.02)
        before = time.monotonic()
        await work
        await asyncio.sleep(0.02)
        hook.cancel()
        return time.monotonic() - before

    took = asyncio.run(both())
    return max(gaps), took


def with_pdf(data: bytes) -> ChatMessage:
    file = FileContent(base64.b64encode(data).decode(), "application/pdf", "a.pdf")
    return ChatMessage.from_user(content_parts=["Bonjour !", file])


def pages(count: int) -> bytes:
    pdfium = pytest.importorskip("pypdfium2")
    document, buffer = pdfium.PdfDocument.new(), io.BytesIO()
    for _ in range(count):
        document.new_page(595, 842)
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe stands for a slow disk")
def test_event_loop_runs_while_audio_file_is_read(sandbox: Any, tmp_path: Path) -> None:
    """Nothing slow is a regular file: the thread that opens it tells instead of the clock."""
    recording = tmp_path / "slow.mp3"
    recording.write_bytes(b"ID3" + bytes(64))
    openers: list[int] = []

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and arguments[0] == str(recording):
            openers.append(threading.get_ident())

    sys.addaudithook(note)
    asyncio.run(LLMaaSTranscriber().run_async([recording]))
    assert openers
    assert threading.get_ident() not in openers


def test_event_loop_runs_while_batch_files_are_rendered(sandbox: Any) -> None:
    batches = LLMaaSBatchChatGenerator(model="qwen3-vl:235b")
    gap, took = longest_gap(batches.run_async([[with_pdf(pages(12))]]))
    assert gap < took / 2


def test_event_loop_runs_while_prompt_file_is_rendered(sandbox: Any) -> None:
    chat = LLMaaSChatGenerator(model="qwen3-vl:235b")
    gap, took = longest_gap(chat.run_async([with_pdf(pages(12))]))
    content = sandbox.requests[-1].json["messages"][0]["content"]
    assert [part["type"] for part in content].count("image_url") == 12
    assert gap < took / 2


def test_event_loop_runs_while_image_is_shrunk(sandbox: Any) -> None:
    image, buffer = pytest.importorskip("PIL.Image"), io.BytesIO()
    image.new("RGB", (5000, 5000), "white").save(buffer, "PNG")  # few bytes, many pixels
    sandbox.script([{"status": 413}, {"content": "lu"}])
    converter = LLMaaSOCRDocumentConverter(model="qwen3-vl:235b", max_side=5000)
    gap, took = longest_gap(converter.run_async([ByteStream(buffer.getvalue())]))
    assert len(sandbox.requests) == 2
    assert gap < took / 2


def test_guard_renders_no_pdf(sandbox: Any, run: Any) -> None:
    """It takes no images; so a PDF that cannot be drawn is no matter either."""
    sandbox.script([{"content": "no"}, {"content": "no"}])
    assert "safe" in run(LLMaaSGuard(), messages=[with_pdf(b"%PDF-broken")])
    assert sandbox.requests[-1].json["messages"][-1]["content"] == "Bonjour !"
