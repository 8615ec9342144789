"""A program that is started and killed with SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers.repository import ROOT
from tests.helpers.waiting import eventually

_SECONDS = 100.0


def start(sandbox: Any, script: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a script whose clients use the sandbox."""
    where = {"LLMAAS_BASE_URL": sandbox.base_url, "LLMAAS_API_KEY": sandbox.api_key}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **where, "HAYSTACK_TELEMETRY_ENABLED": "False"},
    )


def kill_when(process: subprocess.Popen[str], ready: Callable[[], object]) -> None:
    """Kill a process without warning as soon as something holds."""
    eventually(lambda: ready() or process.poll() is not None, _SECONDS)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=_SECONDS)
