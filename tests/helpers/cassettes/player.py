"""Play a cassette to its last exchange, or record it again from the sandbox or the service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.helpers.cassettes.format import SERVICE, Header, build_vcr
from tests.helpers.isolation import secret_leaks

FROZEN_AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
LIVE_KEY = os.environ.get("LLMAAS_API_KEY", "")
LIVE_ROOT = os.environ.get("LLMAAS_BASE_URL", SERVICE).rstrip("/").removesuffix("/v1")


@dataclass(frozen=True)
class Cassette:
    """Address and key for clients while a cassette plays."""

    base_url: str
    api_key: str


@contextmanager
def play(path: Path) -> Iterator[Cassette]:
    """Answer from the file; fail at the end when an exchange was not asked for."""
    assert path.is_file(), f"no cassette {path.name}: record it with `nox -s record`"
    with build_vcr().use_cassette(str(path)) as cassette:
        yield Cassette(f"{SERVICE}/v1", secret_leaks.KEY)
    pending_steps = len(cassette) - cassette.play_count
    assert cassette.all_played, f"{path.name}: {pending_steps} exchange(s) were not played"


@contextmanager
def record(path: Path, source: str, faults: str = "") -> Iterator[Cassette]:
    """Record the file again from ``source``: "sandbox" (with faults, if some are named) or "live".

    The old file stays until something was recorded, so a service that is away costs nothing.
    """
    fresh = path.with_name(f".{path.name}")
    fresh.unlink(missing_ok=True)
    with _connected(source, faults) as cassette:
        signature = Header(recorder_name(source), faults, cassette.api_key)
        with build_vcr(signature).use_cassette(str(fresh)):
            yield cassette
    assert fresh.is_file(), f"{path.name}: nothing was asked, so nothing is recorded"
    fresh.replace(path)


def recorder_name(source: str, root: str = LIVE_ROOT) -> str:
    """Return who answered. The service's answers may change, so its cassettes have a date.

    So do those of another address, which is named: what stands there may not be the service.
    """
    if source == "sandbox":
        return source
    where = "" if root == SERVICE else f" at {urlsplit(root).hostname}"
    return f"service {datetime.now(UTC):%Y-%m-%d}{where}"


@contextmanager
def _connected(source: str, faults: str) -> Iterator[Cassette]:
    if source == "live":
        assert LIVE_KEY, "set LLMAAS_API_KEY to record against the service"
        yield Cassette(f"{LIVE_ROOT}/v1", LIVE_KEY)
        return
    from llmaas_sandbox import Sandbox

    # A fresh one, its clock stopped: nothing but the request shapes its answers.
    with Sandbox(frozen_at=FROZEN_AT, faults=faults) as box:
        yield Cassette(box.base_url, box.api_key)
