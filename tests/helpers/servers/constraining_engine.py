"""Fake engine that enforces a schema from the first token, so that it calls no tool, like vLLM.

See the recording `json-and-tools` of vLLM 0.32.0: with `response_format` beside tools the answer is
JSON that matches and is invented. This one invents -99 degrees.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MEASURED = '{"city": "Paris", "celsius": 21}'
INVENTED = '{"city": "Paris", "celsius": -99}'
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@dataclass
class Engine:
    """What the engine says, and what it was asked."""

    draft: str = MEASURED
    """The answer after a tool's result, while no schema is enforced."""
    beside: str = ""
    """Text beside the tool call."""
    reasoning: str = ""
    finish: str = "stop"
    fails: bool = False
    """Whether a request that enforces a schema fails."""
    base_url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def message(self, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return message and finish reason for a request."""
        has_result = any(message["role"] == "tool" for message in body["messages"])
        thought = {"reasoning": self.reasoning} if self.reasoning else {}
        if body.get("response_format"):
            return {"content": MEASURED if has_result else INVENTED, **thought}, "stop"
        if body.get("tools") and body.get("tool_choice") != "none" and not has_result:
            function = {"name": _name(body), "arguments": '{"city": "Paris"}'}
            call = {"index": 0, "id": "abc123456", "type": "function", "function": function}
            return {"content": self.beside or None, **thought, "tool_calls": [call]}, "tool_calls"
        return {"content": self.draft, **thought}, self.finish


def _name(body: dict[str, Any]) -> str:
    names = [tool["function"]["name"] for tool in body["tools"]]
    return str(next((name for name in names if "weather" in name), names[0]))


@contextmanager
def constraining_engine(**behaviour: Any) -> Iterator[Engine]:
    """Run the engine; whole answers and streams."""
    engine = Engine(**behaviour)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            engine.bodies.append(body)
            if engine.fails and body.get("response_format"):
                self._send(503, b'{"error": {"message": "overloaded"}}')
                return
            message, finish = engine.message(body)
            answer = _streamed if body.get("stream") else _whole
            self._send(200, answer(message, finish), stream=bool(body.get("stream")))

        def _send(self, status: int, data: bytes, *, stream: bool = False) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/event-stream" if stream else "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    engine.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield engine
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


_HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m"}


def _whole(message: dict[str, Any], finish: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    answer = {**_HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    return json.dumps(answer).encode()


def _streamed(message: dict[str, Any], finish: str) -> bytes:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning": piece} for piece in _halves(message.get("reasoning"))]
    deltas += [{"content": piece} for piece in _halves(message.get("content"))]
    if calls := message.get("tool_calls"):
        deltas.append({"tool_calls": calls})
    chunks: list[dict[str, Any]] = [
        {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
    ]
    chunks.append({"index": 0, "delta": {}, "finish_reason": finish})
    events: list[dict[str, Any]] = [{**_HEAD, "choices": [chunk]} for chunk in chunks]
    events.append({**_HEAD, "choices": [], "usage": USAGE})
    lines = [json.dumps(event) for event in events] + ["[DONE]"]
    return "".join(f"data: {line}\n\n" for line in lines).encode()


def _halves(text: str | None) -> list[str]:
    text = text or ""
    middle = len(text) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]
