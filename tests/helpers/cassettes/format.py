"""Cassette format: canonical requests and responses, readable YAML, matching.

One recording serves openai 2 and 3, sync, async and aiohttp, because nothing that differs
between them is kept: JSON is compared as JSON, no request header is stored, and of the
response's headers only those named in ``KEPT_HEADERS``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from inspect import cleandoc
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import vcr
import yaml
from vcr.request import Request

SERVICE = "https://api.ai.cloud-temple.com"
KEPT_HEADERS = frozenset(
    {
        "content-type",
        "retry-after",
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-tts-duration-ms",
    }
)
ODD = re.compile("[\r\x85\u2028\u2029\ufeff]")
"""Characters that YAML takes for ends of lines, or for none at all, unless they are escaped."""

MULTIPART_BOUNDARY = re.compile(rb'boundary="?([^";]+)"?')


@dataclass(frozen=True)
class Header:
    """Header of a cassette, and the secret that its text must not contain."""

    recorded: str
    """Who answered: ``sandbox``, or ``service`` with the date."""
    faults: str = ""
    """The sandbox's faults without which it would have answered otherwise."""
    secret: str = field(default="", repr=False)
    """The key: wherever an answer echoes it, ``***`` is written."""


def build_vcr(signature: Header | None = None) -> vcr.VCR:
    """Build the player of canonical cassettes, or with a signature their recorder."""
    tape = vcr.VCR(
        record_mode="once" if signature else "none",
        match_on=("method", "path", "query", "raw_body"),
        before_record_request=canonical_request,
        before_record_response=canonical_response,
        decode_compressed_response=True,
        serializer="readable",
        record_on_exception=False,
    )
    tape.register_serializer("readable", YAMLSerializer(signature or Header("")))
    return tape


def canonical_request(request: Request) -> Request:
    """Return the request as it is stored and compared: the service's host, a canonical body."""
    parts = urlsplit(request.uri)
    uri = urlunsplit((*urlsplit(SERVICE)[:2], parts.path, parts.query, ""))
    return Request(request.method, uri, _canonical_body(request), {})


def _canonical_body(request: Request) -> bytes:
    body = request.body.read() if hasattr(request.body, "read") else request.body
    if isinstance(body, dict):
        return _dump_json(body)
    body = bytes(body or b"")
    content_type = str(request.headers.get("content-type", "")).encode()
    if boundary := MULTIPART_BOUNDARY.search(content_type):
        return body.replace(boundary[1], b"BOUNDARY")
    try:
        return _dump_json(_dedented(json.loads(body)))
    except ValueError:
        return body


def _dedented(body: Any) -> Any:
    """Return a body whose tools are described alike by every Python: 3.13 dedents docstrings."""
    for tool in body.get("tools") or [] if isinstance(body, dict) else []:
        function = tool.get("function", {}) if isinstance(tool, dict) else {}
        if isinstance(function.get("description"), str):
            function["description"] = cleandoc(function["description"])
    return body


def _dump_json(value: object) -> bytes:
    return json.dumps(canonical_json(value), ensure_ascii=False).encode()


def canonical_response(response: dict[str, Any]) -> dict[str, Any]:
    """Return the response with the headers worth keeping; refuse one that is still compressed."""
    headers = {name.lower(): values for name, values in response["headers"].items()}
    if "content-encoding" in headers:
        raise ValueError(f"cannot record a body encoded as {headers['content-encoding']}")
    kept = {name: values for name, values in headers.items() if name in KEPT_HEADERS}
    return {**response, "headers": kept}


@dataclass(frozen=True)
class YAMLSerializer:
    """The file format: sorted YAML, JSON bodies as YAML, streams as literal blocks."""

    signature: Header

    def serialize(self, cassette: Mapping[str, Any]) -> str:
        """Return the text of the file."""
        head = {"recorded": self.signature.recorded}
        if self.signature.faults:
            head["provoked"] = self.signature.faults
        exchanges = [_written(exchange) for exchange in cassette["interactions"]]
        text = canonical_text({**head, "exchanges": exchanges})
        secret = self.signature.secret
        return text.replace(secret, "***") if secret else text

    def deserialize(self, text: str) -> dict[str, Any]:
        """Return what vcrpy expects."""
        return {"interactions": [_read(exchange) for exchange in parsed(text)["exchanges"]]}


def read(path: Path) -> dict[str, Any]:
    """Return what a cassette holds, as it is written."""
    return parsed(path.read_text())


def parsed(text: str) -> dict[str, Any]:
    """Return the document of a cassette's text, by the fast loader where there is one."""
    document: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return document


def canonical_text(document: Mapping[str, Any]) -> str:
    """Return the one way to write a document: writing it twice gives the same bytes."""
    text = yaml.dump(
        document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=2**20, indent=2
    )
    return str(text)


def _written(exchange: Mapping[str, Any]) -> dict[str, Any]:
    request, response = exchange["request"], exchange["response"]
    headers = {name: values[0] for name, values in sorted(response["headers"].items())}
    return {
        "request": {
            "method": request["method"],
            "uri": request["uri"],
            **written_body(request["body"]),
        },
        "response": {
            "status": response["status"]["code"],
            "headers": headers,
            **written_body(response["body"]["string"]),
        },
    }


def written_body(body: str | bytes) -> dict[str, Any]:
    """Return the body under the name of its form: ``json``, ``text`` or ``base64``."""
    if not body:
        return {}
    try:
        return {"json": canonical_json(json.loads(body))}
    except ValueError:
        pass
    try:
        return {"text": body.decode() if isinstance(body, bytes) else body}
    except UnicodeDecodeError:
        assert isinstance(body, bytes)
        return {"base64": base64.b64encode(body).decode()}


def canonical_json(value: Any, *, as_it_is: bool = False) -> Any:
    """Sort all keys but the names of a schema's properties: answers come in their order."""
    if isinstance(value, dict):
        names = value if as_it_is else sorted(value)
        return {name: canonical_json(value[name], as_it_is=name == "properties") for name in names}
    return [canonical_json(item) for item in value] if isinstance(value, list) else value


def _read(exchange: Mapping[str, Any]) -> dict[str, Any]:
    request, response = exchange["request"], exchange["response"]
    status = response["status"]
    return {
        "request": {
            "method": request["method"],
            "uri": request["uri"],
            "body": _read_body(request),
            "headers": {},
        },
        "response": {
            "status": {"code": status, "message": HTTPStatus(status).phrase},
            "headers": {name: [value] for name, value in response["headers"].items()},
            "body": {"string": _read_body(response)},
        },
    }


def _read_body(message: Mapping[str, Any]) -> bytes:
    if "json" in message:
        return _dump_json(message["json"])
    if "base64" in message:
        return base64.b64decode(message["base64"])
    return str(message.get("text", "")).encode()


class _Dumper(yaml.SafeDumper):
    """Several lines of text become a literal block; nothing is aliased."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, '"' if ODD.search(text) else style
    )


_Dumper.add_representer(str, _write_text)
