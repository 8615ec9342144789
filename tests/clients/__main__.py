"""Clients of others against the sandbox, each in an environment of its own.

    python tests/clients [NAME ...] [--folder FOLDER] [--write]

Pages of docs/ that need packages of their own are run in the same way.

Python packages are installed by uv (or pip), npm packages by npm, into ``FOLDER`` (the cache of the
user). Scripts of a few lines try each client; the table of outcomes goes to the standard output,
with ``--write`` into the sandbox's page. Ends with 1 when one failed. Needs a package index.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from datetime import UTC, datetime
from pathlib import Path

from clients import CLIENTS, Client
from pages import javascript, page_clients

from llmaas_sandbox import Sandbox

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "packages/sandbox/README.md"
HEAD, TAIL = "<!-- clients -->\n", "<!-- /clients -->"


def main() -> int:
    """Try the clients and tell the outcome."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of names; all clients without one")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--folder", type=Path, default=cache / "llmaas-clients")
    parser.add_argument("--write", action="store_true", help="keep the table in the page")
    given = parser.parse_args()
    every = [*CLIENTS, *page_clients()]
    wanted = [c for c in every if not given.names or any(n in c.name for n in given.names)]
    with Sandbox() as box:
        told = [(client, tried(client, given.folder.resolve(), box)) for client in wanted]
    table = tabled([row for row in told if not row[0].page])
    print(tabled([row for row in told if row[0].page]))
    print(table)
    if given.write:
        before, _, rest = PAGE.read_text().partition(HEAD)
        PAGE.write_text(f"{before}{HEAD}{table}{TAIL}{rest.partition(TAIL)[2]}")
    return 0 if all(version for _, (version, _) in told) else 1


def tried(client: Client, folder: Path, box: Sandbox) -> tuple[str, str]:
    """Install a client and run its script; return its version (empty: failed) and what worked."""
    print(f"{client.name} ...", file=sys.stderr, flush=True)
    home = folder / client.folder
    environment = {
        **os.environ,
        "SANDBOX_ROOT": box.root_url,
        "OPENAI_BASE_URL": box.base_url,
        "OPENAI_API_KEY": box.api_key,
        "LLMAAS_BASE_URL": box.base_url,
        "LLMAAS_API_KEY": box.api_key,
        "NO_PROXY": "127.0.0.1",
    }
    try:
        command = node(client, home) if client.script.endswith(".mjs") else python(client, home)
        done = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True, timeout=600
        )
        if done.returncode == 0:
            outcome = json.loads(done.stdout.strip().splitlines()[-1])
            return outcome["version"], outcome["what"]
        problem = (done.stderr or done.stdout).strip()
    except (OSError, subprocess.SubprocessError) as failed:
        problem = f"{failed} {getattr(failed, 'stderr', None) or ''}"
    print(problem[-3000:], file=sys.stderr)
    return "", problem.splitlines()[-1][:200] if problem else "no outcome"


def python(client: Client, home: Path) -> list[str]:
    """Make a virtual environment and return the command that runs the script in it."""
    program = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not program.exists():
        venv.create(home, with_pip=shutil.which("uv") is None)
        install = ["uv", "pip", "install", "-q", "--python", str(program)]
        if shutil.which("uv") is None:
            install = [str(program), "-m", "pip", "install", "-q"]
        own = [str(HERE.parents[1] / "packages/core")] if client.page else []
        run([*install, *client.packages, *own], home)
    command = [str(program), str(HERE / "scripts" / client.script)]
    if client.page:
        name = re.match(r"[\w-]+", client.packages[0])
        command += [str(client.page), name[0] if name else ""]
    return command


def node(client: Client, home: Path) -> list[str]:
    """Install npm packages, copy the script beside them and return the command that runs it."""
    if not (home / "node_modules").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"type": "module", "private": true}')
        run(["npm", "install", "--no-audit", "--no-fund", *client.packages], home)
    for script in (HERE / "scripts").glob("*.mjs"):
        shutil.copy(script, home)
    if client.page:
        (home / client.script).write_text(javascript(client.page))
    return ["node", client.script]


def run(command: list[str], home: Path) -> None:
    """Install; leave nothing behind that looks installed when that fails."""
    try:
        subprocess.run(command, cwd=home, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError:
        shutil.rmtree(home, ignore_errors=True)
        raise


def tabled(told: list[tuple[Client, tuple[str, str]]]) -> str:
    """Write the outcomes as a table."""
    lines = [f"Tried on {datetime.now(UTC):%d %B %Y} (`nox -s clients`):", ""]
    lines += ["| client | version | what worked |", "|---|---|---|"]
    for client, (version, what) in told:
        words = what if version else f"**failed**: {what}".replace("|", "\\|")
        lines.append(f"| {client.name} | {version or '-'} | {words} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
