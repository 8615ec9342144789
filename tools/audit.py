"""Audit of the locks for known vulnerabilities: ``python -m tools.audit LOCK ...``.

Asks the OSV database by pip-audit and ends with 0 (asked, none known), 1 (some known) or 2 (could
not be asked: **nothing was checked**). Before it believes a good answer it sees itself fail, before
a database of its own that knows a fault, and before one that does not answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

OSV = "https://api.osv.dev/v1/query"
CLEAN, FAULTY, UNASKED = 0, 1, 2
BAIT = f"bait==1.0 --hash=sha256:{'0' * 64}\n"
FAULT = {
    "id": "PYSEC-0000-1",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "summary": "a fault that the audit must find",
    "affected": [
        {
            "package": {"name": "bait", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
            "versions": ["1.0"],
        }
    ],
}


def audit(locks: Sequence[str], database: str = OSV) -> tuple[int, list[str]]:
    """Return how it ended and what to say."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        expected = [word for lock in locks for word in ("-r", lock)]
        how = ["-s", "osv", "--osv-url", database, "--disable-pip", "--progress-spinner", "off"]
        command = [sys.executable, "-m", "pip_audit", *expected, *how, "-f", "json", "-o", report]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if not report.is_file() or not report.read_text().strip():
            why = done.stderr.strip().splitlines()[-1:] or ["pip-audit said nothing"]
            return UNASKED, [f"NOTHING WAS CHECKED: {database} could not be asked.", *why]
        return read(json.loads(report.read_text())["dependencies"])


def read(found: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return how it ended and what to say, from pip-audit's list of packages."""
    skipped = [f"{each['name']}: {each['skip_reason']}" for each in found if "skip_reason" in each]
    faults = [
        f"{each['name']} {each['version']}: {fault['id']}, fixed in {fault['fix_versions']}"
        for each in found
        for fault in each.get("vulns", ())
    ]
    if faults:
        return FAULTY, [*faults, *skipped]
    if skipped or not found:
        return UNASKED, ["NOTHING WAS CHECKED of:", *(skipped or ["every package"])]
    return CLEAN, [f"{len(found)} packages, no fault known"]


@contextmanager
def database() -> Iterator[str]:
    """Run a database that knows one fault; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queried = json.loads(self.rfile.read(int(self.headers["content-length"])))
            known = queried["package"]["name"] == "bait"
            body = json.dumps({"vulns": [FAULT]} if known else {}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


def check_itself() -> None:
    """Fail unless the audit tells a fault, none, and silence apart."""
    with tempfile.TemporaryDirectory() as folder, database() as address:
        bait, good = Path(folder) / "bait.lock", Path(folder) / "good.lock"
        bait.write_text(BAIT)
        good.write_text(BAIT.replace("bait", "good"))
        ends = [audit([str(lock)], address)[0] for lock in (bait, good)]
        ends.append(audit([str(good)], "http://127.0.0.1:9/v1/query")[0])
    if ends != [FAULTY, CLEAN, UNASKED]:
        sys.exit(f"the audit does not work: {ends}")


def main(locks: Sequence[str]) -> int:
    """Check the audit, then the locks."""
    check_itself()
    status, reported = audit(locks)
    print("\n".join(reported))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
