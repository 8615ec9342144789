"""Replay of the exchanges that ``llmaas probe --record`` wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.helpers.cassettes.format import SERVICE, read
from tests.helpers.servers.answering import Answer, Asked, Choose


def replay(folder: Path) -> Choose:
    """Answer each request from cassettes: equal requests in order, the last one again."""
    answers: dict[Any, list[Mapping[str, Any]]] = {}
    for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem):
        for exchange in read(path)["exchanges"]:
            answers.setdefault(key_of(exchange["request"]), []).append(exchange["response"])

    def choose(asked: Asked) -> Answer:
        shown = asked.headers["authorization"].removeprefix("Bearer").strip()
        wrong = {"key": "wrong"} if not shown or "probe" in shown else {}
        request = {"method": asked.method, "uri": asked.path, **to_body(asked.body), **wrong}
        known = answers.get(key_of(request))
        if known is None:  # an exchange that was too large to be recorded
            return Answer(0)
        return to_answer(known.pop(0) if len(known) > 1 else known[0])

    return choose


def to_body(data: bytes) -> dict[str, Any]:
    """Return a request's body as a cassette holds it."""
    try:
        return {"json": json.loads(data)}
    except ValueError:
        return {"text": data.decode()}


def key_of(request: Mapping[str, Any]) -> Any:
    """Return what equal requests have in common."""
    body = json.dumps(request.get("json", request.get("text") or None), sort_keys=True)
    return request["method"], request["uri"].removeprefix(SERVICE), body, request.get("key")


def to_answer(response: Mapping[str, Any]) -> Answer:
    """Build the answer that a cassette holds."""
    if "json" in response:
        body = json.dumps(response["json"]).encode()
    else:
        body = response.get("text", "").encode()
    return Answer(response["status"], response["headers"], body)
