"""A newcomer's path, timed: from a fresh clone to the first streamed text of the demo.

``python -m tools.newcomer uv pip`` clones this repository into a temporary folder, with empty
caches, and runs the README's command with each installer. It needs a package index.
"""

from __future__ import annotations

import os
import pty
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.helpers.repository import ROOT

COMMAND = ["python3", "run", "llmaas", "demo", "--framework", "core"]
ANSWER = re.compile(rb"\x1b\[\?25h(?:\x1b\[[\d;?]*\w|\s)*[A-Z]")
"""The end of the spinner, which shows the cursor again, and the first letter of the answer."""


def measure(installer: str) -> tuple[float, float, float]:
    """Return the seconds of the clone, until the first text, and until the end."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        cloned = time.monotonic()
        first, end = run(clone, environment(installer, Path(folder)))
        return cloned - start, first - start, end - start


def environment(installer: str, folder: Path) -> dict[str, str]:
    """Build an environment without a key, with empty caches, and without uv for pip."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLMAAS_")}
    path = kept["PATH"].split(os.pathsep)
    virtual = kept.pop("VIRTUAL_ENV", "")
    path = [each for each in path if not each.startswith((virtual or "-", str(ROOT)))]
    if installer == "pip":
        path = _without_uv(path, folder / "bin")
    caches = {"UV_CACHE_DIR": str(folder / "uv"), "PIP_CACHE_DIR": str(folder / "pip")}
    return {**kept, **caches, "PATH": os.pathsep.join(path), "COLUMNS": "100", "TERM": "xterm"}


def _without_uv(path: list[str], shadow: Path) -> list[str]:
    """Replace each folder that has uv by links to its other programs."""
    replaced = []
    for number, folder in enumerate(path):
        if shutil.which("uv", path=folder):
            target = shadow / str(number)
            target.mkdir(parents=True)
            for program in Path(folder).iterdir():
                if program.name not in {"uv", "uvx"}:
                    (target / program.name).symlink_to(program)
            folder = str(target)
        replaced.append(folder)
    return replaced


def run(clone: Path, env: dict[str, str]) -> tuple[float, float]:
    """Run the command in a terminal; return the times of the first text and of the end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(COMMAND, cwd=clone, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    output, first = b"", 0.0
    while piece := _read(ours):
        output += piece.replace(b"\r\n", b"\n")
        if not first and ANSWER.search(output):
            first = time.monotonic()
    os.close(ours)
    if process.wait() or not first:
        raise SystemExit(output.decode(errors="replace"))
    return first, time.monotonic()


def processor_seconds() -> float:
    """Return the processor time of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other side is closed
        return b""


if __name__ == "__main__":
    for name in sys.argv[1:] or ["uv", "pip"]:
        before = processor_seconds()
        clone, first, end = measure(name)
        used = processor_seconds() - before
        times = f"clone {clone:.0f} s, first text {first:.0f} s, end {end:.0f} s"
        load = f"load average {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores"
        print(f"{name}: {times}; {used:.0f} s of processor time, {load}", flush=True)
