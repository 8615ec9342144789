"""Recordings and sandbox keep each other honest: asked the same, they answer in one shape."""

import base64
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
import yaml

from rooms import HOME

FOLDER = HOME / "tests" / "cassettes"
CASSETTES = sorted(FOLDER.rglob("*.yaml"))


def exchanges():
    for path in CASSETTES:
        for number, exchange in enumerate(yaml.safe_load(path.read_text())["exchanges"]):
            name = f"{path.parent.name}/{path.stem}-{number}"
            yield pytest.param(exchange["request"], exchange["response"], id=name)


def shape(value):
    """Return the keys and types of a JSON value; of a list, those of any of its items."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape(item), sort_keys=True) for item in value})
    return "number" if isinstance(value, int | float) else type(value).__name__


def shape_of_body(message):
    if "json" in message:
        return shape(message["json"])
    events = message.get("text", "").split("\n\n")
    data = [event.removeprefix("data: ") for event in events if event.startswith("data: {")]
    return shape([json.loads(text) for text in data])


def sent(request, root, key):
    headers = {"Authorization": f"Bearer {key}"}
    if "json" in request:
        body, headers["Content-Type"] = json.dumps(request["json"]).encode(), "application/json"
    else:
        body = base64.b64decode(request.get("base64", "")) or request.get("text", "").encode()
        headers["Content-Type"] = "multipart/form-data; boundary=BOUNDARY"
    url = root + urlsplit(request["uri"]).path
    body = body if request["method"] == "POST" else None
    return urllib.request.Request(url, body, headers, method=request["method"])


def received(request):
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize(("request_", "recorded"), list(exchanges()))
def test_the_sandbox_answers_in_the_recorded_shape(request_, recorded, sandbox):
    key = "sk-test-wrong" if recorded["status"] == 401 else sandbox.api_key
    status, body = received(sent(request_, sandbox.root_url, key))
    assert status == recorded["status"]
    if "base64" not in recorded:
        kind = "json" if "json" in recorded else "text"
        now = {kind: json.loads(body) if kind == "json" else body.decode()}
        assert shape_of_body(now) == shape_of_body(recorded)
