"""Server that replays the exchanges which ``llmaas probe --record`` wrote."""

from __future__ import annotations

import base64
import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.helpers.servers.answering import Answer, Asked, answering

FOLDER = Path(__file__).parents[2] / "profiles"
KEY = "sk-replayed"
_UNAUTHORIZED = 401
_MISSING = Answer(404, {"content-type": "application/json"}, b'{"detail": "not recorded"}')


def load(folder: Path) -> list[dict[str, Any]]:
    """Read the exchanges of all cassettes in a folder."""
    files = sorted(folder.glob("*.yaml"))
    return [each for file in files for each in yaml.safe_load(file.read_text("utf-8"))["exchanges"]]


@contextmanager
def replaying(folder: Path) -> Iterator[str]:
    """Serve recorded answers to equal requests, in turn; the last one again."""
    queues: dict[tuple[Any, ...], deque[Answer]] = defaultdict(deque)
    for exchange in load(folder):
        queues[_key_of_recorded(exchange)].append(_to_answer(exchange["response"]))

    def choose(asked: Asked) -> Answer:
        queue = queues.get(_key_of_asked(asked))
        if not queue:
            return _MISSING
        return queue.popleft() if len(queue) > 1 else queue[0]

    with answering(choose) as url:
        yield url


def _key_of_recorded(exchange: Mapping[str, Any]) -> tuple[Any, ...]:
    request = exchange["request"]
    path = request["uri"].removeprefix("https://api.ai.cloud-temple.com")
    body = request.get("json", request.get("text"))
    is_refused = exchange["response"]["status"] == _UNAUTHORIZED
    return request["method"], path, _canonical(body), is_refused


def _key_of_asked(asked: Asked) -> tuple[Any, ...]:
    try:
        body = json.loads(asked.body) if asked.body else None
    except ValueError:
        body = asked.body.decode("utf-8", "replace")
    is_refused = asked.headers.get("authorization") != f"Bearer {KEY}"
    return asked.method, asked.path, _canonical(body), is_refused


def _canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True)


def _to_answer(response: Mapping[str, Any]) -> Answer:
    if "json" in response:
        data = json.dumps(response["json"]).encode()
    elif "base64" in response:
        data = base64.b64decode(response["base64"])
    else:
        data = str(response.get("text", "")).encode()
    return Answer(response["status"], response["headers"], data)
