"""Requests of the load test, and the sandbox's answers without faults."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODEL = "gpt-oss:120b"
QUESTIONS = 200
TOWNS = ("Orléans", "Besançon", "Nîmes", "Évry", "Saint-Étienne", "Châteauroux", "Sète")
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Météo d'une ville",
        "parameters": {
            "type": "object",
            "properties": {"ville": {"type": "string"}},
            "required": ["ville"],
        },
    },
}


@dataclass(frozen=True)
class Said:
    """All of an answer that a caller relies on."""

    text: str
    reasoning: str
    calls: tuple[tuple[str, str], ...]
    finish_reason: str
    tokens: int


@dataclass(frozen=True)
class Asked:
    """A question and its answer."""

    options: Mapping[str, Any]
    said: Said


def all_asked(base_url: str, key: str) -> Sequence[Asked]:
    """Ask every question once, whole, without a fault, and without our client."""
    host, _, path = base_url.removeprefix("http://").partition("/")
    line = http.client.HTTPConnection(host)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    asked = []
    for number in range(QUESTIONS):
        options = question(number)
        body = json.dumps({"max_tokens": 4096, **options})
        line.request("POST", f"/{path}/chat/completions", body, headers)
        asked.append(Asked(options, read(json.load(line.getresponse()))))
    line.close()
    return asked


def question(number: int) -> dict[str, Any]:
    """Return a question; every fifth is for a tool."""
    town = f"{TOWNS[number % len(TOWNS)]} {number}"
    if number % 5 == 0:
        return {"model": MODEL, "messages": user(f"Météo, ville « {town} » ?"), "tools": [WEATHER]}
    passages = "\n".join(
        f"[{n}] Le service numéro {n} de {town} ouvre de {n} h à {n + number % 9} h, été compris."
        for n in range(1, 4)
    )
    asked = f"{passages}\n\nQuestion : quand le service numéro {1 + number % 3} est-il ouvert ?"
    return {"model": MODEL, "messages": user(asked)}


def user(text: str) -> list[dict[str, str]]:
    """Return a conversation of one message."""
    return [{"role": "user", "content": text}]


def read(answer: Mapping[str, Any]) -> Said:
    """Read a plain answer."""
    (choice,) = answer["choices"]
    message = choice["message"]
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    return Said(
        message.get("content") or "",
        message.get("reasoning_content") or "",
        tuple((call["name"], call["arguments"]) for call in calls),
        choice["finish_reason"],
        answer["usage"]["total_tokens"],
    )
