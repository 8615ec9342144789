"""Bill of materials of each lock, as CycloneDX: ``python -m tools.sbom FOLDER LOCK ...``.

Written by cyclonedx-py, which validates it against the standard's schema; then every line of the
lock must be in it, with its version and its hashes. A build artefact, never committed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pinned(lock: Path) -> set[tuple[str, str]]:
    """Parse normalized names and versions of a lock."""
    return {(normalize(name), version) for name, version in PINNED.findall(lock.read_text())}


def normalize(name: str) -> str:
    """Normalize the name of a distribution."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write(lock: Path, folder: Path) -> Path:
    """Write one lock's bill of materials; the file name contains the lock's folder."""
    apart = "" if lock.parent == Path() else f"-{lock.parent.name}"
    out = folder / f"sbom{apart}.cdx.json"
    how = ["--output-reproducible", "--of", "JSON", "--sv", "1.6", "--validate", "-o", str(out)]
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", *how, str(lock)]
    subprocess.run(command, check=True)
    return out


def check(out: Path, lock: Path) -> int:
    """Check that the bill lists every pin, with hashes; return the number of pins."""
    bill: dict[str, Any] = json.loads(out.read_text())
    parts = {(normalize(each["name"]), each["version"]): each for each in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert set(parts) == pinned(lock), set(parts) ^ pinned(lock)
    bare = [name for name, each in parts.items() if "hashes" not in json.dumps(each)]
    assert not bare, f"no hashes: {bare}"
    return len(parts)


def main(folder: str, locks: Sequence[str]) -> None:
    """Write and check the bill of each lock."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for lock in map(Path, locks):
        out = write(lock, Path(folder))
        print(f"{out}: {check(out, lock)} packages of {lock}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
