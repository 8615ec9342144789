"""Fake engine: a function answers each request, whole or streamed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = dict[str, Any] | tuple[int, Any]
"""A message, or a status and a body."""


@dataclass
class Engine:
    """Its address, and the bodies and headers that it was sent (names in lower case)."""

    base_url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def engine(answer: Callable[[dict[str, Any]], Answer]) -> Iterator[Engine]:
    """Serve ``answer(body)`` on the loopback; ``usage`` and ``finish_reason`` may be in it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.bodies.append(body)
            state.paths.append(self.path)
            state.headers.append({k.lower(): v for k, v in self.headers.items()})
            told = answer(body)
            status, content = told if isinstance(told, tuple) else (200, told)
            if status == 200 and body.get("stream") and isinstance(content, dict):
                self._send(200, _events(content, body), "text/event-stream")
            elif status == 200 and isinstance(content, dict):
                self._send(200, json.dumps(_whole(content, body)).encode(), "application/json")
            else:
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self._send(status, data, "application/json")

        def _send(self, status: int, data: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state = Engine(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def usage(prompt: int = 10, completion: int = 5) -> dict[str, int]:
    """The usage of an answer."""
    total = prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}


def _parts(message: dict[str, Any]) -> tuple[dict[str, Any], str, Any]:
    told = dict(message)
    reason = told.pop("finish_reason", "tool_calls" if told.get("tool_calls") else "stop")
    return {"role": "assistant", **told}, reason, told.pop("usage", usage())


def _whole(message: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    told, reason, used = _parts(message)
    told.pop("usage", None)
    choice = {"index": 0, "message": told, "finish_reason": reason}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1,
            "model": body["model"], "choices": [choice], "usage": used}  # fmt: skip


def _events(message: dict[str, Any], body: dict[str, Any]) -> bytes:
    told, reason, used = _parts(message)
    told.pop("usage", None)
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
            "model": body["model"]}  # fmt: skip
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{name: value} for name, value in told.items() if name != "role" and value]
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": reason})
    chunks = [{**head, "choices": [choice]} for choice in choices]
    chunks.append({**head, "choices": [], "usage": used})
    lines = [json.dumps(chunk) for chunk in chunks] + ["[DONE]"]
    return "".join(f"data: {line}\n\n" for line in lines).encode()
