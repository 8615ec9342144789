"""CPU time per request of the sandbox, beside aimock and a bare endpoint on the same server.

    python tests/bench/sandbox_peers.py [--requests 4000] [--rounds 3] [--aimock FOLDER] [--write]

``FOLDER`` holds ``node_modules/@copilotkit/aimock`` (``npm install @copilotkit/aimock``); without
it aimock's rows are left out. Each server is one process; the load comes from this one, over 20
raw sockets. CPU time is the server's own, user and system; the median of the rounds counts.
``same`` repeats one request, ``distinct`` asks every time for something else.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox_load import answer

README = Path(__file__).parents[2] / "packages/sandbox/README.md"
HEAD = "<!-- peers -->\n"
TAIL = "<!-- /peers -->"
SENTENCE = "Le service est hébergé en France, dans des centres de données qualifiés."
QUESTION = f"[1] {SENTENCE}\n\nQuestion : Où est hébergé le service ?"
CONNECTIONS = 20
TICK = os.sysconf("SC_CLK_TCK")
FLOOR = """
import sys, uvicorn
from llmaas_sandbox.connections import Connections
from llmaas_sandbox.http.protocol import protocol_for

BODY, EVENTS = sys.argv[1].encode(), sys.argv[2].encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
STREAM = [(b"content-type", b"text/event-stream")]

async def app(scope, receive, send):
    body = (await receive())["body"]
    streamed = b'"stream": true' in body
    headers, data = (STREAM, EVENTS) if streamed else (HEADERS, BODY)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})

config = uvicorn.Config(app, port=int(sys.argv[3]), http=protocol_for(Connections()), ws="none",
                        lifespan="off", log_level="warning", access_log=False)
uvicorn.Server(config).run()
"""
Ask = Callable[[int], bytes]


@dataclass
class Server:
    """A server under load."""

    name: str
    port: int
    pid: int

    @property
    def seconds(self) -> float:
        """CPU seconds of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


@dataclass
class Figure:
    """What one server showed for one kind of request."""

    milliseconds: float
    events: int
    size: int


def build_request(stream: bool, number: int | None) -> bytes:
    """Write a request; with a number, one that no other request is equal to."""
    question = QUESTION if number is None else f"{QUESTION} ({number})"
    message = {"role": "user", "content": question}
    body = {"model": "gemma4:31b", "messages": [message], "stream": stream}
    data = json.dumps(body).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        "authorization: Bearer sk-sandbox\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def send(server: Server, requests: int, ask: Ask) -> int:
    """Send requests over several connections; return the events of the last answer."""
    numbers = iter(range(requests))
    events = 0

    async def work() -> None:
        nonlocal events
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for number in numbers:
            writer.write(ask(number))
            status, events = await answer(reader)
            assert status == 200, f"{server.name} answered {status}"
        writer.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return events


def measure(server: Server, requests: int, ask: Ask) -> tuple[float, int]:
    """Return the CPU milliseconds of a request, and the events of an answer."""
    before = server.seconds
    events = asyncio.run(send(server, requests, ask))
    return (server.seconds - before) * 1000 / requests, events


@contextmanager
def start_server(name: str, command: list[str], port: int, folder: str) -> Iterator[Server]:
    """Run a server until the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        wait_for(port)
        yield Server(name, port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    import socket

    for _ in range(300):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


def free_ports(number: int) -> list[int]:
    """Return ports that nobody uses."""
    import socket

    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


def reference(port: int) -> tuple[str, str]:
    """Return the sandbox's whole answer and its events, for the bare endpoint to repeat."""
    import urllib.request

    contents = []
    for stream in (False, True):
        data = build_request(stream, None).partition(b"\r\n\r\n")[2]
        headers = {"authorization": "Bearer sk-sandbox", "content-type": "application/json"}
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as reply:
            contents.append(reply.read().decode())
    return contents[0], contents[1]


def extract_content(whole: str) -> str:
    return str(json.loads(whole)["choices"][0]["message"]["content"])


def aimock_command(package: Path, port: int, folder: str, content: str, events: int) -> list[str]:
    """Let aimock say the same words, in as many events."""
    fixture = {"match": {"userMessage": "hébergé"}, "response": {"content": content}}
    Path(folder, "fixtures.json").write_text(json.dumps({"fixtures": [fixture]}))
    size = max(1, -(-len(content) // max(1, events - 3)))  # the role, the end, [DONE]
    entry = [str(package / "dist/cli.js"), "-p", str(port), "-f", f"{folder}/fixtures.json"]
    return ["node", *entry, "--log-level", "silent", "--chunk-size", str(size)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--aimock", type=Path, help="folder with node_modules/@copilotkit/aimock")
    parser.add_argument("--write", action="store_true", help="keep the table in the README")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        table = compare(stack, folder, given)
    print(table)
    if given.write:
        text = README.read_text()
        README.write_text(re.sub(f"{HEAD}.*{TAIL}", f"{HEAD}{table}\n{TAIL}", text, flags=re.S))


def compare(stack: ExitStack, folder: str, given: argparse.Namespace) -> str:
    """Start the servers, measure them in turns and return a table."""
    ports = free_ports(4)
    python = [sys.executable, "-m", "llmaas_sandbox", "--port"]

    def start(name: str, command: list[str], port: int) -> Server:
        return stack.enter_context(start_server(name, command, port, folder))

    own = start("sandbox", [*python, str(ports[0])], ports[0])
    kept = [*python, str(ports[1]), "--data-dir", f"{folder}/data"]
    servers = [own, start("sandbox, `data_dir`", kept, ports[1])]
    whole, stream = reference(own.port)
    bare = [sys.executable, "-c", FLOOR, whole, stream, str(ports[2])]
    servers.insert(0, start("bare endpoint, same server", bare, ports[2]))
    if given.aimock:
        package = (given.aimock / "node_modules/@copilotkit/aimock").resolve()
        events = stream.count("data: ")
        command = aimock_command(package, ports[3], folder, extract_content(whole), events)
        servers.append(start("aimock", command, ports[3]))
    return format_table(rounds(servers, given.requests, given.rounds))


NUMBERS = itertools.count()
KINDS: dict[str, Ask] = {
    "whole, same": lambda number: build_request(False, None),
    "whole, distinct": lambda number: build_request(False, next(NUMBERS)),
    "streamed, same": lambda number: build_request(True, None),
    "streamed, distinct": lambda number: build_request(True, next(NUMBERS)),
}


def rounds(servers: list[Server], requests: int, number: int) -> dict[str, dict[str, str]]:
    """Measure every server, one after the other, several times; return the medians."""
    found: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for turn in range(number + 1):
        for server in servers:
            for kind, ask in KINDS.items():
                figure = measure(server, requests if turn else requests // 4, ask)
                if turn:  # the first round warms up
                    found.setdefault((server.name, kind), []).append(figure)
    table: dict[str, dict[str, str]] = {}
    for (name, kind), figures in found.items():
        cost = statistics.median(f[0] for f in figures)
        table.setdefault(name, {})[kind] = f"{cost:.3f}"
        table[name]["events"] = str(figures[-1][1])
    return table


def format_table(table: dict[str, dict[str, str]]) -> str:
    """Write the figures as a table, with the sandbox's as multiples of aimock's."""
    lines = [["CPU ms per request", *KINDS, "events"], ["---"] * (len(KINDS) + 2)]
    lines += [[name, *(row[k] for k in KINDS), row["events"]] for name, row in table.items()]
    peer = table.get("aimock")
    for name in ("sandbox", "sandbox, `data_dir`") if peer else ():
        assert peer is not None
        shares = [float(table[name][k]) / max(0.001, float(peer[k])) for k in KINDS]
        lines.append([f"{name}: times aimock", *(f"{share:.1f}" for share in shares), ""])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    main()
