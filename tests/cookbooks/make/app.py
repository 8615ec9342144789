"""Runs the request part of a Make custom app: what its modules send, and make of the answer."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.cookbooks.make.iml import render
from tests.cookbooks.make.iml_functions import UNDEFINED, is_empty, text, truth

Json = Any
BOUNDARY = uuid.UUID(int=7).hex


class MakeError(Exception):
    """What Make would show: the type of the error and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class MakeApp:
    """An app as it lies on disk, and one connection of it."""

    def __init__(self, folder: Path, **connection: str) -> None:
        self.folder = folder
        self.manifest = read(folder / "makecomapp.json")
        general = self.manifest["generalCodeFiles"]
        self.base, self.common = read(folder / general["base"]), read(folder / general["common"])
        self.connection = connection

    def code(self, kind: str, name: str, part: str) -> Json:
        """Return a code file of a component."""
        return read(self.folder / self.manifest["components"][kind][name]["codeFiles"][part])

    def connect(self) -> str:
        """Verify the connection; return the name that Make gives it."""
        spec = self.code("connection", "llmaas", "params")
        scope = self.scope(filled(spec, self.connection))
        communication = self.code("connection", "llmaas", "communication")
        return text(sent(communication, scope)["metadata"]["value"])

    def run(self, module: str, **given: Any) -> Json:
        """Run a module; return its bundle, or its bundles."""
        spec = [*self.code("module", module, "staticParams")]
        spec += self.code("module", module, "mappableParams")
        return self.answered(self.code("module", module, "communication"), filled(spec, given))

    def call(self, rpc: str, **given: Any) -> Json:
        """Call an RPC; return its items."""
        return self.answered(self.code("rpc", rpc, "communication"), given)

    def answered(self, communication: Json, parameters: Mapping[str, Any]) -> Json:
        request = merged(self.base, communication) if "url" in communication else communication
        return sent(request, self.scope(parameters))["output"]

    def scope(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {"parameters": parameters, "connection": self.connection, "common": self.common}


def read(path: Path) -> Json:
    return json.loads(path.read_text())


def filled(spec: list[dict[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with their defaults; refuse what the form would refuse."""
    unknown = set(given) - {one["name"] for one in spec}
    if unknown:
        raise MakeError("InvalidConfigurationError", f"no such parameters: {sorted(unknown)}")
    values = {one["name"]: given.get(one["name"], one.get("default", UNDEFINED)) for one in spec}
    for one in spec:
        check(one, values[one["name"]])
    return {name: value for name, value in values.items() if value is not UNDEFINED}


def check(one: Mapping[str, Any], value: Any) -> None:
    label, pattern = one.get("label", one["name"]), one.get("validate", {}).get("pattern")
    if one.get("required") and is_empty(value):
        raise MakeError("InvalidConfigurationError", f"{label} is required")
    if pattern and not is_empty(value) and not re.search(pattern, value):
        raise MakeError("InvalidConfigurationError", f"{label} is not of the right form")


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a module's communication over the base, level by level."""
    both = {
        key: merged(base[key], over[key])
        for key in base.keys() & over.keys()
        if isinstance(base[key], dict) and isinstance(over[key], dict)
    }
    return {**base, **over, **both}


def sent(request: Mapping[str, Any], scope: dict[str, Any]) -> dict[str, Any]:
    """Send a request, if there is one to send, and read the answer by its directives."""
    response = request.get("response", {})
    scope = {**scope, "temp": render(request.get("temp", {}), scope)}
    if "url" in request:
        scope = {**scope, **exchange(request, scope)}
        refuse(response, scope)
    read_out = {name: render(response[name], scope) for name in ("metadata",) if name in response}
    return {**read_out, "output": output(response, scope)}


def exchange(request: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Do the request; redirects are not followed, as the base of the app says."""
    assert request["followRedirects"] is False
    url = text(render(request["url"], scope))
    where = urlsplit(text(render(request["baseUrl"], scope)) + url if url[0] == "/" else url)
    headers, body = encoded(request, scope)
    wire = HTTPConnection(where.hostname or "", where.port, timeout=20)
    try:
        method = text(render(request.get("method", "GET"), scope))
        wire.request(method, where.path, body, headers)
        answer = wire.getresponse()
        raw = answer.read().decode("utf-8", "replace")
        told = {name.lower(): value for name, value in answer.getheaders()}
        return {"statusCode": answer.status, "headers": told, "body": decoded(raw)}
    finally:
        wire.close()


def decoded(raw: str) -> Json:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def encoded(request: Mapping[str, Any], scope: Mapping[str, Any]) -> tuple[dict[str, str], Any]:
    """Return headers and body in the encoding that the request names."""
    headers = {name: text(value) for name, value in render(request["headers"], scope).items()}
    body, kind = render(request.get("body", UNDEFINED), scope), request.get("type", "json")
    if body is UNDEFINED:
        return headers, None
    if kind == "multipart/form-data":
        content = b"".join(field(name, value) for name, value in body.items())
        form = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        return {**headers, **form}, content + f"--{BOUNDARY}--\r\n".encode()
    if kind == "json":
        return {"content-type": "application/json", **headers}, json.dumps(body).encode()
    return headers, text(body).encode()


def field(name: str, value: Any) -> bytes:
    file = value.get("options", {}).get("filename") if isinstance(value, dict) else None
    content = value["value"] if file else text(value).encode()
    shown = f'; filename="{file}"' if file else ""
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{shown}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def refuse(response: Mapping[str, Any], scope: Mapping[str, Any]) -> None:
    """Raise the error that the directives make of a refusal, or of an answer that is not valid."""
    status = scope["statusCode"]
    if status >= 400:
        errors = response["error"]
        spec = errors.get(str(status), errors)
        raise MakeError(spec["type"], text(render(spec["message"], scope)))
    valid = response.get("valid")
    if valid and not truth(render(valid["condition"], scope)):
        raise MakeError(valid["type"], text(render(valid["message"], scope)))


def output(response: Mapping[str, Any], scope: dict[str, Any]) -> Json:
    """Return the bundle, or one bundle for each item that is iterated."""
    template = response.get("output", "{{body}}" if "iterate" not in response else "{{item}}")
    if "iterate" not in response:
        return render(template, scope) if "output" in response or "body" in scope else None
    each = response["iterate"]
    each = {"container": each} if isinstance(each, str) else each
    scopes = [{**scope, "item": one} for one in render(each["container"], scope)]
    kept = [one for one in scopes if truth(render(each.get("condition", True), one))]
    limit = render(response.get("limit", UNDEFINED), scope)
    return [render(template, one) for one in kept[: None if is_empty(limit) else int(limit)]]
