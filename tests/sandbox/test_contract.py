"""The OpenAPI document, and what happens to requests that nobody expects."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from llmaas_sandbox import Sandbox
from llmaas_sandbox.app import SERVICES

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = [
    *("messages", "input", "query", "documents", "prompt", "tools", "tool_choice", "stream", "n"),
    *("response_format", "stop", "top_n", "size", "max_tokens", "logprobs", "top_logprobs"),
    *("encoding_format", "dimensions", "speed", "voice", "reasoning_effort", "seed", "temperature"),
    *("chat_template_kwargs", "enable_thinking", "parallel_tool_calls", "return_documents"),
]
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"])},
    optional={"content": VALUES, "tool_calls": VALUES, "tool_call_id": VALUES, "name": VALUES},
)
TOOL = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {"name": st.just("f")}, optional={"description": VALUES, "parameters": VALUES}
        ),
    }
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "array", "object", "null"])
PLAIN = {
    "type": TYPES,
    "enum": st.lists(VALUES, min_size=1, max_size=3),
    "pattern": st.text(max_size=8),
    "minimum": st.integers(-9, 9),
    "maxItems": st.integers(0, 3),
    "format": st.text(max_size=5),
    "$ref": st.sampled_from(["#", "#/$defs/x", "nowhere"]),
    "const": VALUES,
}


def nested(inner: Any) -> Any:
    optional = {
        "properties": st.dictionaries(st.text(max_size=5), inner, max_size=3),
        "items": inner,
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, max_size=2),
        "required": st.lists(st.text(max_size=5), max_size=2),
        "$defs": st.dictionaries(st.just("x"), inner),
    }
    return st.fixed_dictionaries({"type": TYPES}, optional=optional)


SCHEMA = st.recursive(st.fixed_dictionaries({}, optional=PLAIN), nested, max_leaves=5)
HELLO = [{"role": "user", "content": "Bonjour"}]
PATHS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": "gpt-oss:120b", "messages": HELLO},
    "/v1/embeddings": {"model": "bge-m3:567m", "input": "x"},
    "/v2/rerank": {"model": "qwen3-reranker:4b", "query": "x", "documents": ["x"]},
    "/v1/audio/speech": {"model": "tts-3", "input": "x"},
    "/v1/images/generations": {"model": "z-image:16b", "prompt": "x", "size": "256x256"},
    "/v1/chat/completions/batch": {"model": "gemma4:31b", "messages": [HELLO]},
}
often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@often
@given(
    path=st.sampled_from(sorted(PATHS)),
    body=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5),
)
def test_no_body_makes_it_stumble(ask: Any, path: str, body: dict[str, Any]) -> None:
    heard = ask(path, {**PATHS[path], **body})
    assert heard.status < 500 or heard.status in (501, 502, 503)


@often
@given(messages=st.lists(MESSAGE, max_size=3), tools=st.lists(TOOL, max_size=2))
def test_no_conversation_makes_it_stumble(chat: Any, messages: Any, tools: Any) -> None:
    assert chat([*messages, *HELLO], tools=tools).status in (200, 400)


@often
@given(schema=SCHEMA, stream=st.booleans())
@example(schema={"anyOf": [{"$ref": "#"}]}, stream=False)
@example(schema={"oneOf": [{"allOf": [{"$ref": "#"}]}, {"$ref": "#"}]}, stream=True)
@example(schema={"pattern": "z", "anyOf": [{"$ref": "#"}, {"$ref": "#", "const": 1}]}, stream=False)
def test_no_schema_makes_it_stumble(chat: Any, schema: Any, stream: bool) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    tool = {"type": "function", "function": {"name": "say_bonjour", "parameters": schema}}
    said = "Bonjour 1 « deux »"
    assert chat(said, response_format=form, stream=stream).status in (200, 400)
    heard = chat(said, tools=[tool], tool_choice="required", stream=stream)
    assert heard.status in (200, 400)


def test_the_document_covers_the_service(ask: Any) -> None:
    document = ask("/openapi.json", key=None).json
    assert document["openapi"] == "3.1.0"
    assert set(PATHS) <= set(document["paths"])
    names = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names))
    text = json.dumps(document)
    for used in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert used in document["components"]["schemas"]


def test_document_lists_every_path_of_the_administrator(ask: Any) -> None:
    document = ask("/openapi.json", key=None).json
    served = {(e.path, e.method.lower()) for service in SERVICES for e in service}
    listed = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert {at for at in served if at[0].startswith("/admin")} <= listed


def test_document_makes_clients_that_can_send_text(ask: Any) -> None:
    """A list of types is read as no type by generators, a default as a required field."""
    schemas = ask("/openapi.json", key=None).json["components"]["schemas"]
    content = schemas["Message"]["properties"]["content"]["anyOf"]
    assert {"type": "string"} in content
    assert "default" not in json.dumps(schemas["ChatRequest"])


def test_a_wrong_method_is_told_the_right_ones(ask: Any) -> None:
    heard = ask("/v1/models", {}, method="POST")
    assert heard.status == 405
    assert heard.headers["allow"] == "GET"
    assert heard.json["error"]["message"] == "Method not allowed"


CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,negative_data_rejection,"
    "response_headers_conformance,response_schema_conformance,unsupported_method,ignored_auth"
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", ["service", "admin"])
def test_schemathesis_finds_nothing(part: str, tmp_path: Path) -> None:
    program = shutil.which("st") or shutil.which("schemathesis")
    if program is None:
        pytest.skip("schemathesis is not installed: nox -s contract")
    with Sandbox() as box:
        key = box.admin_key if part == "admin" else box.api_key
        choice = "--include-path-regex" if part == "admin" else "--exclude-path-regex"
        command = [
            program,
            "run",
            f"{box.root_url}/openapi.json",
            "--seed",
            "1",
            "--checks",
            CHECKS,
        ]
        command += ["-H", f"Authorization: Bearer {key}", choice, "^/admin", "--max-examples", "20"]
        command += ["--phases", "examples,coverage,fuzzing"]
        command += ["--suppress-health-check", "too_slow"]  # which tells of this machine's load
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
