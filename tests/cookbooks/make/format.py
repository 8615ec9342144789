"""What Make accepts in the files of a custom app, restated from its published editor's schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CODE_FILES = {
    "connection": {"communication", "params", "common", "scopeList", "defaultScope"},
    "module": {"communication", "staticParams", "mappableParams", "interface", "samples", "scope"},
    "rpc": {"communication", "params"},
}
COMPONENT_KEYS = {
    "connection": {"label", "connectionType", "codeFiles"},
    "module": {"label", "description", "moduleType", "actionCrud", "connection", "codeFiles"},
    "rpc": {"label", "connection", "codeFiles"},
}
COMPONENTS = {"connection", "webhook", "module", "rpc", "function"}
ORIGIN = {"label", "baseUrl", "appId", "appVersion", "apikeyFile", "idMapping"}
REQUEST = {
    *("url", "encodeUrl", "method", "headers", "qs", "body", "type", "temp", "condition"),
    *("followRedirects", "followAllRedirects", "log", "pagination", "response"),
}
BASE = REQUEST | {"baseUrl", "timeout"}
RESPONSE = {"type", "valid", "limit", "error", "iterate", "temp", "output", "metadata", "wrapper"}
ERRORS = {
    *("RuntimeError", "DataError", "RateLimitError", "OutOfSpaceError", "ConnectionError"),
    *("InvalidConfigurationError", "InvalidAccessTokenError", "IncompleteDataError"),
    "DuplicateDataError",
}
PARAMETER = {
    *("name", "type", "label", "help", "semantic", "default", "advanced", "required", "multiline"),
    *("editable", "mappable", "mode", "labels", "spec", "options", "validate", "visible"),
}
TYPES = {
    *("any", "array", "boolean", "buffer", "collection", "date", "filename", "integer", "json"),
    *("number", "password", "select", "text", "uinteger", "url"),
}
LONGEST = {"url": 512, "message": 1024, "label": 256, "name": 128, "pattern": 512}


def problems(app: Path) -> Iterator[str]:
    """Yield all that Make's editor would not take, each with its place."""
    manifest = json.loads((app / "makecomapp.json").read_text())
    yield from _unknown("makecomapp.json", manifest, {"fileVersion", "generalCodeFiles", *ALL})
    yield from _unknown("components", manifest["components"], COMPONENTS)
    for origin in manifest["origins"]:
        yield from _unknown("origin", origin, ORIGIN)
    named = set(manifest["generalCodeFiles"].values())
    for kind in CODE_FILES:
        for name, component in manifest["components"][kind].items():
            yield from _unknown(name, component, COMPONENT_KEYS[kind])
            yield from _unknown(name, component["codeFiles"], CODE_FILES[kind])
            named |= set(component["codeFiles"].values())
            for part, file in component["codeFiles"].items():
                yield from _file(part, app / file)
    yield from _request("base", json.loads((app / "general/base.iml.json").read_text()), BASE)
    files = {str(path.relative_to(app)) for path in app.rglob("*") if path.is_file()}
    yield from (f"{file}: on one side only" for file in (named ^ files) - {"makecomapp.json"})


ALL = ("components", "origins")


def _file(part: str, path: Path) -> Iterator[str]:
    content = json.loads(path.read_text())
    if part == "communication":
        yield from _request(path.name, content, REQUEST)
    elif part != "samples":
        yield from _parameters(path.name, content)


def _unknown(where: str, value: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    yield from (f"{where}: {key} is not known" for key in value.keys() - known)
    for key, limit in LONGEST.items():
        if isinstance(value.get(key), str) and len(value[key]) > limit:
            yield f"{where}: {key} is longer than {limit}"


def _request(where: str, request: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    yield from _unknown(where, request, known)
    response = request.get("response", {})
    yield from _unknown(where, response, RESPONSE)
    if request.get("method") == "POST" and "body" not in request:
        yield f"{where}: POST without a body"
    errors = response.get("error", {})
    specs = [errors, response.get("valid", {})]
    specs += [spec for key, spec in errors.items() if key.isdigit()]
    for spec in filter(None, specs):
        yield from _unknown(f"{where}: error", spec, {"message", "type", "condition", *STATUSES})
        if spec.get("type") not in ERRORS:
            yield f"{where}: {spec.get('type')} is no type of error"


STATUSES = tuple(map(str, range(400, 600)))


def _parameters(where: str, parameters: list[Any]) -> Iterator[str]:
    for one in parameters:
        if isinstance(one, str):
            continue
        place = f"{where}: {one.get('name')}"
        yield from _unknown(place, one, PARAMETER)
        if one["type"] not in TYPES:
            yield f"{place}: {one['type']} is no type"
        spec = one.get("spec", [])
        yield from _parameters(place, spec if isinstance(spec, list) else [spec])
