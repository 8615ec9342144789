"""``llmaas transcribe --live``: transcription of audio while it is recorded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas import AsyncLLMaaS
    from llmaas.realtime import FinalText

_CHUNK_BYTES = 4_096  # 0.128 s of audio


def transcribe_live(
    inputs: Sequence[Path],
    *,
    model: str | None,
    sandbox: bool,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Print each utterance on a line; a terminal also shows the current partial text."""
    from llmaas import AsyncLLMaaS
    from llmaas_cli.endpoint import open_endpoint

    async def run() -> None:
        with open_endpoint(sandbox=sandbox, base_url=base_url) as endpoint:
            client = AsyncLLMaaS(api_key=endpoint.api_key or None, base_url=endpoint.base_url)
            for path in inputs:
                await _transcribe(client, path, model, as_json=as_json)

    asyncio.run(run())


async def _transcribe(client: AsyncLLMaaS, path: Path, model: str | None, *, as_json: bool) -> None:
    from llmaas.realtime import REALTIME_MODEL, FinalText, listen
    from llmaas.text import visible
    from llmaas_cli.terminal.output import is_interactive, stderr

    source: Any = _read_samples() if str(path) == "-" else path
    with stderr().status("listening") if is_interactive(stderr=True) else nullcontext() as status:
        async for event in listen(client, source, model=model or REALTIME_MODEL):
            if isinstance(event, FinalText):
                _print_utterance(event, str(path), as_json=as_json)
            elif status is not None:
                status.update(visible(event.text)[-stderr().width // 2 :])


def _print_utterance(utterance: FinalText, source: str, *, as_json: bool) -> None:
    from llmaas_cli.terminal.output import print_json, print_text

    if as_json:
        cost = utterance.cost_micro_eur / 1_000_000
        facts = {
            "source": source,
            "text": utterance.text,
            "seconds": utterance.seconds,
            "cost_eur": cost,
        }
        print_json(facts, lines=True)
    else:
        print_text(utterance.text.strip() + "\n")


async def _read_samples() -> AsyncIterator[bytes]:
    """Yield raw samples from stdin: 16-bit PCM, mono, 16 kHz."""
    read = getattr(sys.stdin.buffer, "read1", sys.stdin.buffer.read)
    while data := await asyncio.to_thread(read, _CHUNK_BYTES):
        yield data
