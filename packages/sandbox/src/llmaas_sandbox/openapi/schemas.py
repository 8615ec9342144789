"""The shapes of requests and answers, as JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.clock import MAX_STEP
from llmaas_sandbox.images.routes import SIZES
from llmaas_sandbox.limits.tiers import TIERS
from llmaas_sandbox.monitor.alerts import MEASURES

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
MODEL: Schema = {"type": "string", "minLength": 1, "description": "An id or an alias."}


def ref(name: str) -> Schema:
    """Point to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def obj(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Describe an object; further properties are allowed."""
    return {"type": "object", "required": list(required), "properties": properties}


def array(items: Schema, **bounds: Any) -> Schema:
    """Describe an array."""
    return {"type": "array", "items": items, **bounds}


def maybe(schema: Schema) -> Schema:
    """Allow null as well."""
    return {"anyOf": [schema, {"type": "null"}]}


def between(low: float, high: float) -> Schema:
    """Describe a number in a range; null counts as absent."""
    return {"type": ["number", "null"], "minimum": low, "maximum": high}


_POSITIVE: Schema = {"type": ["integer", "null"], "minimum": 1}
_ROLES = ["system", "developer", "user", "assistant", "tool", "function"]
# Defaults stand in words: openapi-typescript makes a field required that has one.
_CHAT_FIELDS: Mapping[str, Schema] = {
    "model": {**MODEL, "examples": ["gpt-oss:120b"]},
    "temperature": {**between(0, 2), "description": "Defaults to 0.7."},
    "top_p": {**between(0, 1), "description": "Defaults to 1."},
    "presence_penalty": between(-2, 2),
    "frequency_penalty": between(-2, 2),
    "max_tokens": {**_POSITIVE, "description": "Defaults to 1024."},
    "n": {**_POSITIVE, "maximum": 16, "description": "Defaults to 1."},
    "stop": {"anyOf": [STRING, array(STRING), {"type": "null"}]},
    "top_logprobs": {"type": ["integer", "null"], "minimum": 0, "maximum": 20},
    "tools": maybe(array(ref("Tool"))),
    "tool_choice": {"description": "none, auto, required, or a named function."},
    "response_format": maybe(obj(("type",), type={"enum": ["text", "json_object", "json_schema"]})),
    "reasoning_effort": {"description": "none, low, medium or high."},
    "enable_thinking": {"description": "Whether the model thinks; not for Mistral models."},
}
_MESSAGES = array(ref("Message"), minItems=1)

SCHEMAS: Mapping[str, Schema] = {
    "Error": obj(
        ("error",),
        error=obj(("message", "type"), message=STRING, type=STRING, param=STRING, code=STRING),
    ),
    "Message": obj(
        ("role",),
        role={"enum": _ROLES},
        content={
            "anyOf": [STRING, array(ref("ContentPart")), {"type": "null"}],
            "description": "Text, or content parts.",
        },
        name=STRING,
        tool_call_id={**STRING, "description": "For role tool: which call it is the result of."},
        tool_calls={
            "anyOf": [array(ref("ToolCall")), {"type": "null"}],
            "description": "For role assistant: the calls it made.",
        },
    ),
    "ContentPart": obj(
        ("type",),
        type={"enum": ["text", "image_url", "image", "audio_url", "video_url", "input_audio"]},
        text=STRING,
        image_url={"anyOf": [obj(("url",), url=STRING), STRING]},
    ),
    "Tool": obj(
        ("type", "function"),
        type={"const": "function"},
        function=obj(("name",), name={"type": "string", "minLength": 1}, parameters={}),
    ),
    "ChatRequest": obj(
        ("model", "messages"),
        messages={**_MESSAGES, "examples": [[{"role": "user", "content": "Bonjour"}]]},
        stream={"type": ["boolean", "null"], "description": "Defaults to false."},
        **_CHAT_FIELDS,
    ),
    "Usage": obj(
        ("prompt_tokens", "total_tokens"),
        prompt_tokens=INTEGER,
        completion_tokens=INTEGER,
        total_tokens=INTEGER,
        reasoning_tokens=INTEGER,
    ),
    "Backend": obj((), engine_type=STRING, machine_name=STRING),
    "ToolCall": obj(
        ("id", "type", "function"),
        id=STRING,
        type={"const": "function"},
        function=obj(("name", "arguments"), name=STRING, arguments=STRING),
    ),
    "Choice": obj(
        ("index", "message", "finish_reason"),
        index=INTEGER,
        message=obj(
            ("role", "content"),
            role={"const": "assistant"},
            content=maybe(STRING),
            reasoning=STRING,
            reasoning_content=STRING,
            tool_calls=array(ref("ToolCall")),
        ),
        finish_reason={"enum": ["stop", "length", "tool_calls"]},
    ),
    "ChatCompletion": obj(
        ("id", "object", "created", "model", "choices", "usage"),
        id=STRING,
        object={"const": "chat.completion"},
        created=INTEGER,
        model=STRING,
        choices=array(ref("Choice"), minItems=1),
        usage=ref("Usage"),
        backend=ref("Backend"),
    ),
    "EmbeddingRequest": obj(
        ("model", "input"),
        model={**MODEL, "examples": ["bge-m3:567m"]},
        input={"anyOf": [STRING, array(STRING, minItems=1)], "examples": ["Bonjour"]},
        encoding_format={"enum": ["float", "base64", None]},
        dimensions=_POSITIVE,
    ),
    "Embeddings": obj(
        ("object", "data", "model", "usage"),
        object={"const": "list"},
        data=array(
            obj(
                ("object", "index", "embedding"),
                object={"const": "embedding"},
                index=INTEGER,
                embedding={"anyOf": [array(NUMBER), STRING]},
            )
        ),
        model=STRING,
        usage=ref("Usage"),
    ),
    "RerankRequest": obj(
        ("model", "query", "documents"),
        model={**MODEL, "examples": ["qwen3-reranker:4b"]},
        query={"type": "string", "minLength": 1, "examples": ["Où est-il hébergé ?"]},
        documents={**array(STRING, minItems=1), "examples": [["En France.", "Un chat."]]},
        top_n=_POSITIVE,
        return_documents={"description": "Whether results repeat their document."},
    ),
    "RerankResponse": obj(
        ("id", "results", "usage"),
        id=STRING,
        model=STRING,
        results=array(obj(("index", "relevance_score"), index=INTEGER, relevance_score=NUMBER)),
        usage={"type": "object"},
        backend=ref("Backend"),
    ),
    "TranscriptionRequest": obj(
        ("file",),
        file={"type": "string", "format": "binary"},
        model={"type": "string"},
        language={"type": "string"},
        response_format={"enum": ["json", "verbose_json"]},
        task={"enum": ["transcribe", "translate"]},
    ),
    "Transcription": obj(
        ("text",), text=STRING, language=STRING, segments=array({"type": "object"})
    ),
    "SpeechRequest": obj(
        ("model", "input"),
        model={**MODEL, "examples": ["tts-3"]},
        input={"type": "string", "minLength": 1, "maxLength": 5000, "examples": ["Bonjour"]},
        voice={"description": "A name.", "examples": ["alloy"]},
        response_format={"enum": ["mp3", "opus", "aac", "flac", "wav", "pcm", None]},
        speed={"type": ["number", "null"], "minimum": 0.25, "maximum": 4},
    ),
    "ImageRequest": obj(
        ("model", "prompt"),
        model={**MODEL, "examples": ["z-image:16b"]},
        prompt={"type": "string", "minLength": 1, "examples": ["un chat"]},
        size={"enum": [*SIZES, None]},
        response_format={"enum": ["b64_json", "url", None]},
        n={"type": ["integer", "null"], "minimum": 1, "maximum": 10},
    ),
    "Images": obj(
        ("created", "data"), created=INTEGER, data=array(obj((), b64_json=STRING, url=STRING))
    ),
    "BatchRequest": obj(
        ("model", "messages"),
        messages=array(array({}, minItems=1), minItems=1, maxItems=1000),
        **_CHAT_FIELDS,
    ),
    "Batch": obj(
        ("id", "object", "status", "model", "model_requested", "request_counts"),
        id=STRING,
        object={"const": "batch"},
        status={"enum": ["queued", "in_progress", "completed", "failed"]},
        model=STRING,
        model_requested=STRING,
        request_counts=obj(
            ("total", "completed", "failed"), total=INTEGER, completed=INTEGER, failed=INTEGER
        ),
        results=array({"type": "object"}),
    ),
    "Models": obj(
        ("object", "data"),
        object={"const": "list"},
        data=array(
            obj(
                ("id", "object", "created", "owned_by", "root", "aliases", "max_model_len"),
                id=STRING,
                object={"const": "model"},
                created=INTEGER,
                owned_by=STRING,
                root=STRING,
                aliases=array(STRING),
                max_model_len=INTEGER,
            )
        ),
    ),
    "KeyRequest": {
        **obj(
            (),
            tenant=STRING,
            label=STRING,
            models=array(STRING),
            tier={"enum": list(TIERS)},
            hourly_tokens=INTEGER,
            rotate_every=NUMBER,
        ),
        "additionalProperties": False,
    },
    "ScriptRequest": obj(("steps",), steps=array({"type": "object"})),
    "FaultsRequest": obj(("faults",), faults={**STRING, "examples": ["crlf"]}),
    "ClockRequest": obj(
        ("advance",), advance={"type": "number", "minimum": 0, "maximum": MAX_STEP}
    ),
    "MachineRequest": obj(("health",), health={"enum": ["healthy", "draining", "dead"]}),
    "AlertsRequest": obj(
        ("rules",),
        rules=array(
            obj(
                ("name", "measure", "threshold"),
                name=STRING,
                measure={"enum": list(MEASURES)},
                threshold=NUMBER,
                window=NUMBER,
            )
        ),
        webhook=maybe(STRING),
    ),
    "Anything": {"type": "object"},
}
