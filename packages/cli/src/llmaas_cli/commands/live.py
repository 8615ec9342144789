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

_READ = 4_096  # bytes, 0.128 s


def transcribe_live(
    inputs: Sequence[Path],
    *,
    model: str | None,
    sandbox: bool,
    base_url: str | None,
    as_json: bool,
) -> None:
    """Print each utterance as a line, and what is being said in a terminal's last line."""
    from llmaas import AsyncLLMaaS
    from llmaas_cli.endpoint import open_endpoint

    async def run() -> None:
        with open_endpoint(sandbox=sandbox or None, base_url=base_url) as where:
            client = AsyncLLMaaS(api_key=where.api_key or None, base_url=where.base_url)
            for path in inputs:
                await _one(client, path, model, as_json=as_json)

    asyncio.run(run())


async def _one(client: AsyncLLMaaS, path: Path, model: str | None, *, as_json: bool) -> None:
    from llmaas.realtime import REALTIME_MODEL, FinalText, listen
    from llmaas.text import visible
    from llmaas_cli.terminal.output import is_interactive, stderr

    source: Any = _standard_input() if str(path) == "-" else path
    with stderr().status("listening") if is_interactive(stderr=True) else nullcontext() as status:
        async for event in listen(client, source, model=model or REALTIME_MODEL):
            if isinstance(event, FinalText):
                _print(event, str(path), as_json=as_json)
            elif status is not None:
                status.update(visible(event.text)[-stderr().width // 2 :])


def _print(said: FinalText, source: str, *, as_json: bool) -> None:
    from llmaas_cli.terminal.output import print_json, write

    if as_json:
        cost = said.cost_micro_eur / 1_000_000
        facts = {"source": source, "text": said.text, "seconds": said.seconds, "cost_eur": cost}
        print_json(facts, lines=True)
    else:
        write(said.text.strip() + "\n")


async def _standard_input() -> AsyncIterator[bytes]:
    """Yield raw samples of stdin as they come: PCM of 16 bits, mono, 16 kHz."""
    read = getattr(sys.stdin.buffer, "read1", sys.stdin.buffer.read)
    while data := await asyncio.to_thread(read, _READ):
        yield data
