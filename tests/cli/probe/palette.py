"""Raw answers of services, as engines and gateways send them."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from tests.helpers.servers.answering import Answer, answer_json

GONE = Answer(0)
"""The connection is closed without an answer."""
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


def say(
    content: Any = "OK",
    *,
    finish: str = "stop",
    usage: Any = USAGE,
    model: str = "m",
    id: str = "chatcmpl-0123456789abcdef",  # noqa: A002
    choices: int = 1,
    headers: Any = None,
    choice: Any = None,
    top: Any = None,
    **message: Any,
) -> Answer:
    """A whole chat answer."""
    said = {"role": "assistant", "content": content, **message}
    one = {"index": 0, "message": said, "finish_reason": finish, **(choice or {})}
    body = {
        "id": id,
        "object": "chat.completion",
        "model": model,
        "choices": [{**one, "index": i} for i in range(choices)],
        "usage": usage,
        **(top or {}),
    }
    return answer_json(body, **(headers or {}))


def call(
    name: str = "get_weather",
    arguments: Any = '{"city": "Paris"}',
    id: Any = "call_1",  # noqa: A002
    count: int = 1,
    content: Any = None,
    finish: str = "tool_calls",
    **fields: Any,
) -> Answer:
    """A whole chat answer with tool calls."""
    one = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return say(content, finish=finish, tool_calls=[one] * count, **fields)


def error(status: int = 400, message: str = "No.", headers: Any = None, **fields: Any) -> Answer:
    """An error object of OpenAI's form; ``code`` and ``param`` are absent unless given."""
    inner = {"message": message, "type": "invalid_request_error", **fields}
    return answer_json({"error": inner}, status, **(headers or {}))


def body(value: Any, status: int = 200, **headers: str) -> Answer:
    """An answer with any JSON body."""
    return answer_json(value, status, **headers)


def html(status: int = 404) -> Answer:
    """An HTML page."""
    return Answer(status, {"content-type": "text/html"}, b"<html><h1>Not here</h1></html>")


def chunk(delta: Any, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """An event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-0123456789abcdef",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [choice],
        **fields,
    }


ROLE = chunk({"role": "assistant", "content": ""})
END = chunk({}, "stop")
USED = chunk({}) | {"choices": [], "usage": USAGE}


def events(*several: Any, done: bool = True, end: str = "\n\n", prefix: str = "") -> Answer:
    """A stream of events; texts are sent as they are."""
    parts = [each if isinstance(each, str) else f"data: {json.dumps(each)}" for each in several]
    parts += ["data: [DONE]"] if done else []
    text = "".join(f"{prefix}{part}{end}" for part in parts)
    return Answer(200, {"content-type": "text/event-stream"}, text.encode())


def stream(*deltas: Any, usage: bool = True, **options: Any) -> Answer:
    """A stream with a text, a finish event, and usage."""
    texts = deltas or (chunk({"content": "OK"}),)
    return events(ROLE, *texts, END, *((USED,) if usage else ()), **options)


def parts(*several: Any) -> Answer:
    """A stream whose deltas are parts of tool calls."""
    deltas = [chunk({"tool_calls": [part]}) for part in several]
    return events(ROLE, *deltas, chunk({}, "tool_calls"), USED)


def listed(*entries: Any, **headers: str) -> Answer:
    """A model list."""
    return answer_json({"object": "list", "data": list(entries)}, **headers)


def vectors(count: int = 2, size: int = 4, *, as_base64: bool = False, scale: float = 0.5,
            usage: Any = USAGE, start: int = 0) -> Answer:  # fmt: skip
    """An embeddings answer; with four numbers of 0.5, vectors have length 1."""
    numbers = [scale] * size
    data = base64.b64encode(struct.pack(f"<{size}f", *numbers)).decode()
    vector = data if as_base64 else numbers
    entries = [
        {"object": "embedding", "index": start + i, "embedding": vector} for i in range(count)
    ]
    return answer_json({"object": "list", "data": entries, "model": "m", "usage": usage})


def ranking(*scores: float, documents: str = "object", usage: Any = None) -> Answer:
    """A rerank answer."""
    forms = {"object": {"document": {"text": "x"}}, "text": {"document": "x"}, "absent": {}}
    results = [
        {"index": i, "relevance_score": score, **forms[documents]} for i, score in enumerate(scores)
    ]
    used = {"prompt_tokens": 9, "total_tokens": 9} if usage is None else usage
    return answer_json({"id": "score-1", "results": results, "usage": used})


OVERFLOW = error(
    400, "This model's maximum context length is 1024 tokens. However, you requested 50000000 "
    "output tokens and your prompt contains at least 9 input tokens.",
)  # fmt: skip
WORDLESS = error(400, "Your wish exceeds what 1024 words of this one can hold.")
BARE = error(400, "Too much.")
