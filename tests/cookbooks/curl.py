"""Reads the curl commands that people paste into the API Connector, and sends them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

PLACE = re.compile(r"<(\w+)>")
BOUNDARY = "curling"


@dataclass
class Command:
    """One request, its body still with places such as ``<question>``."""

    url: str = ""
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    form: list[tuple[str, str]] = field(default_factory=list)

    @property
    def places(self) -> set[str]:
        """The names that become parameters in Bubble."""
        return set(PLACE.findall(self.body))

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the body with texts in its places, each formatted as JSON-safe."""
        return PLACE.sub(lambda place: json.dumps(values[place[1]]), self.body)


def read(text: str) -> Command:
    """Read a command; refuse an option that the API Connector may not know."""
    words = iter(shlex.split(text.replace("\\\n", " ")))
    assert next(words) == "curl"
    command = Command()
    for word in words:
        if word == "-X":
            command.method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            command.headers[name] = value
        elif word == "-d":
            command.body = next(words)
        elif word == "-F":
            name, _, value = next(words).partition("=")
            command.form.append((name, value))
        else:
            assert not word.startswith("-"), word
            command.url = word
    return command


def send(
    command: Command, address: str, key: str, values: Mapping[str, str], file: bytes = b""
) -> Any:
    """Send a command to ``address`` instead of the service, with ``key``; return the JSON."""
    body = multipart(command, file) if command.form else command.filled(values).encode()
    headers = {name: value.replace("YOUR_KEY", key) for name, value in command.headers.items()}
    if command.form:
        headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
    where = urlsplit(address)
    wire = HTTPConnection(where.hostname or "", where.port, timeout=20)
    try:
        wire.request(command.method, urlsplit(command.url).path, body or None, headers)
        answer = wire.getresponse()
        assert answer.status == 200, answer.read()
        if answer.headers.get_content_type() == "text/event-stream":
            return events(answer.read().decode())
        return json.load(answer)
    finally:
        wire.close()


def events(text: str) -> list[Any]:
    """Return the JSON of each event of a stream, which ends with ``[DONE]``."""
    *data, end = re.findall(r"^data: (.*)$", text, re.MULTILINE)
    assert end == "[DONE]"
    return [json.loads(each) for each in data]


def multipart(command: Command, file: bytes) -> bytes:
    """Return the form, ``@name`` standing for the file."""
    parts = []
    for name, value in command.form:
        shown = f'; filename="{value[1:]}"' if value.startswith("@") else ""
        content = file if shown else value.encode()
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def paths(value: Any, prefix: str = "") -> set[str]:
    """Return every path that Bubble shows of an answer; lists are seen through."""
    if isinstance(value, Mapping):
        found = {prefix.rstrip(".")} if prefix else set()
        return found.union(*(paths(one, f"{prefix}{key}.") for key, one in value.items()))
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return set().union(*(paths(one, prefix) for one in value))
    return {prefix.rstrip(".")}
