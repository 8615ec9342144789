"""Every writer, killed a few times; `python tests/load/kills.py` kills each fifty times."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WRITERS = ["sqlite", "audit", "usage", "checkpoint", "bulk_asyncio", "bulk_batch"]
SHARED = ["redis", "redis_server"] if shutil.which("redis-server") else []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("writer", [*WRITERS, *SHARED])
def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(writer):
    command = [sys.executable, str(HERE / "kills.py"), writer, "--kills", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
