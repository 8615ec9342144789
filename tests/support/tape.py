"""Play a cassette to its last exchange, or record it anew against the sandbox or the service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cassettes import SERVICE, reader

STOPPED_AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
LIVE_KEY = os.environ.get("LLMAAS_API_KEY", "")


@dataclass(frozen=True)
class Tape:
    """Where a client should connect while a cassette plays."""

    base_url: str
    api_key: str


@contextmanager
def playing(path: Path) -> Iterator[Tape]:
    """Answer from the file; fail at the end when an exchange was not asked for."""
    assert path.is_file(), f"no cassette {path.name}: record it with `nox -s record`"
    with reader().use_cassette(str(path)) as cassette:
        yield Tape(f"{SERVICE}/v1", "sk-recorded")
    unplayed = len(cassette) - cassette.play_count
    assert cassette.all_played, f"{path.name}: {unplayed} exchange(s) were not played"


@contextmanager
def recording(path: Path, source: str) -> Iterator[Tape]:
    """Write the file anew from ``source``: "sandbox" or "live"."""
    path.unlink(missing_ok=True)
    recorder = reader(_signature(source), record=True)
    with _connected(source) as tape, recorder.use_cassette(str(path)):
        yield tape


def _signature(source: str) -> str:
    """A sandbox answers the same every day; the service may not, so its tapes bear a date."""
    return "sandbox" if source == "sandbox" else f"service {datetime.now(UTC):%Y-%m-%d}"


@contextmanager
def _connected(source: str) -> Iterator[Tape]:
    if source == "live":
        assert LIVE_KEY, "set LLMAAS_API_KEY to record against the service"
        yield Tape(f"{SERVICE}/v1", LIVE_KEY)
        return
    from llmaas_sandbox import Sandbox

    # A fresh one, its clock stopped: nothing but the request shapes its answers.
    with Sandbox(stopped_at=STOPPED_AT) as box:
        yield Tape(box.base_url, box.api_key)
