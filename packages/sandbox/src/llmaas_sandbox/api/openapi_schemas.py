"""JSON schemas of requests and responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.clock import MAX_STEP
from llmaas_sandbox.images.drawing import SIZES
from llmaas_sandbox.limits.tiers import TIERS
from llmaas_sandbox.monitor.alerts import MEASURES

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
MODEL: Schema = {"type": "string", "minLength": 1, "description": "An id or an alias."}


def ref(name: str) -> Schema:
    """Build a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_schema(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Build the schema of an object that allows additional properties."""
    return {"type": "object", "required": list(required), "properties": properties}


def array_schema(items: Schema, **bounds: object) -> Schema:
    """Build the schema of an array."""
    return {"type": "array", "items": items, **bounds}


def nullable(schema: Schema) -> Schema:
    """Extend a schema to allow null."""
    return {"anyOf": [schema, {"type": "null"}]}


def number_between(low: float, high: float) -> Schema:
    """Build the schema of a number in a range; null counts as absent."""
    return {"type": ["number", "null"], "minimum": low, "maximum": high}


_POSITIVE: Schema = {"type": ["integer", "null"], "minimum": 1}
_ROLES = ["system", "developer", "user", "assistant", "tool", "function"]
# Defaults stand in words: openapi-typescript makes a field required that has one.
_CHAT_FIELDS: Mapping[str, Schema] = {
    "model": {**MODEL, "examples": ["gpt-oss:120b"]},
    "temperature": {**number_between(0, 2), "description": "Defaults to 0.7."},
    "top_p": {**number_between(0, 1), "description": "Defaults to 1."},
    "presence_penalty": number_between(-2, 2),
    "frequency_penalty": number_between(-2, 2),
    "max_tokens": {**_POSITIVE, "description": "Defaults to 1024."},
    "n": {**_POSITIVE, "maximum": 16, "description": "Defaults to 1."},
    "stop": {"anyOf": [STRING, array_schema(STRING), {"type": "null"}]},
    "top_logprobs": {"type": ["integer", "null"], "minimum": 0, "maximum": 20},
    "tools": nullable(array_schema(ref("Tool"))),
    "tool_choice": {"description": "none, auto, required, or a named function."},
    "response_format": nullable(
        object_schema(("type",), type={"enum": ["text", "json_object", "json_schema"]})
    ),
    "reasoning_effort": {"description": "none, low, medium or high."},
    "enable_thinking": {"description": "Whether the model thinks; not for Mistral models."},
}
_MESSAGES = array_schema(ref("Message"), minItems=1)

SCHEMAS: Mapping[str, Schema] = {
    "Error": object_schema(
        ("error",),
        error=object_schema(
            ("message", "type"), message=STRING, type=STRING, param=STRING, code=STRING
        ),
    ),
    "Message": object_schema(
        ("role",),
        role={"enum": _ROLES},
        content={
            "anyOf": [STRING, array_schema(ref("ContentPart")), {"type": "null"}],
            "description": "Text, or content parts.",
        },
        name=STRING,
        tool_call_id={**STRING, "description": "For role tool: which call it is the result of."},
        tool_calls={
            "anyOf": [array_schema(ref("ToolCall")), {"type": "null"}],
            "description": "For role assistant: the calls it made.",
        },
    ),
    "ContentPart": object_schema(
        ("type",),
        type={"enum": ["text", "image_url", "image", "audio_url", "video_url", "input_audio"]},
        text=STRING,
        image_url={"anyOf": [object_schema(("url",), url=STRING), STRING]},
    ),
    "Tool": object_schema(
        ("type", "function"),
        type={"const": "function"},
        function=object_schema(("name",), name={"type": "string", "minLength": 1}, parameters={}),
    ),
    "ChatRequest": object_schema(
        ("model", "messages"),
        messages={**_MESSAGES, "examples": [[{"role": "user", "content": "Bonjour"}]]},
        stream={"type": ["boolean", "null"], "description": "Defaults to false."},
        **_CHAT_FIELDS,
    ),
    "Usage": object_schema(
        ("prompt_tokens", "total_tokens"),
        prompt_tokens=INTEGER,
        completion_tokens=INTEGER,
        total_tokens=INTEGER,
        reasoning_tokens=INTEGER,
    ),
    "Backend": object_schema((), engine_type=STRING, machine_name=STRING),
    "ToolCall": object_schema(
        ("id", "type", "function"),
        id=STRING,
        type={"const": "function"},
        function=object_schema(("name", "arguments"), name=STRING, arguments=STRING),
    ),
    "Choice": object_schema(
        ("index", "message", "finish_reason"),
        index=INTEGER,
        message=object_schema(
            ("role", "content"),
            role={"const": "assistant"},
            content=nullable(STRING),
            reasoning=STRING,
            reasoning_content=STRING,
            tool_calls=array_schema(ref("ToolCall")),
        ),
        finish_reason={"enum": ["stop", "length", "tool_calls"]},
    ),
    "ChatCompletion": object_schema(
        ("id", "object", "created", "model", "choices", "usage"),
        id=STRING,
        object={"const": "chat.completion"},
        created=INTEGER,
        model=STRING,
        choices=array_schema(ref("Choice"), minItems=1),
        usage=ref("Usage"),
        backend=ref("Backend"),
    ),
    "EmbeddingRequest": object_schema(
        ("model", "input"),
        model={**MODEL, "examples": ["bge-m3:567m"]},
        input={"anyOf": [STRING, array_schema(STRING, minItems=1)], "examples": ["Bonjour"]},
        encoding_format={"enum": ["float", "base64", None]},
        dimensions=_POSITIVE,
    ),
    "Embeddings": object_schema(
        ("object", "data", "model", "usage"),
        object={"const": "list"},
        data=array_schema(
            object_schema(
                ("object", "index", "embedding"),
                object={"const": "embedding"},
                index=INTEGER,
                embedding={"anyOf": [array_schema(NUMBER), STRING]},
            )
        ),
        model=STRING,
        usage=ref("Usage"),
    ),
    "RerankRequest": object_schema(
        ("model", "query", "documents"),
        model={**MODEL, "examples": ["qwen3-reranker:4b"]},
        query={"type": "string", "minLength": 1, "examples": ["Où est-il hébergé ?"]},
        documents={**array_schema(STRING, minItems=1), "examples": [["En France.", "Un chat."]]},
        top_n=_POSITIVE,
        return_documents={"description": "Whether results repeat their document."},
    ),
    "RerankResponse": object_schema(
        ("id", "results", "usage"),
        id=STRING,
        model=STRING,
        results=array_schema(
            object_schema(("index", "relevance_score"), index=INTEGER, relevance_score=NUMBER)
        ),
        usage={"type": "object"},
        backend=ref("Backend"),
    ),
    "TranscriptionRequest": object_schema(
        ("file",),
        file={"type": "string", "format": "binary"},
        model={"type": "string"},
        language={"type": "string"},
        response_format={"enum": ["json", "verbose_json"]},
        task={"enum": ["transcribe", "translate"]},
    ),
    "Transcription": object_schema(
        ("text",), text=STRING, language=STRING, segments=array_schema({"type": "object"})
    ),
    "SpeechRequest": object_schema(
        ("model", "input"),
        model={**MODEL, "examples": ["tts-3"]},
        input={"type": "string", "minLength": 1, "maxLength": 5000, "examples": ["Bonjour"]},
        voice={"description": "A name.", "examples": ["alloy"]},
        response_format={"enum": ["mp3", "opus", "aac", "flac", "wav", "pcm", None]},
        speed={"type": ["number", "null"], "minimum": 0.25, "maximum": 4},
    ),
    "ImageRequest": object_schema(
        ("model", "prompt"),
        model={**MODEL, "examples": ["z-image:16b"]},
        prompt={"type": "string", "minLength": 1, "examples": ["un chat"]},
        size={"enum": [*SIZES, None]},
        response_format={"enum": ["b64_json", "url", None]},
        n={"type": ["integer", "null"], "minimum": 1, "maximum": 10},
    ),
    "Images": object_schema(
        ("created", "data"),
        created=INTEGER,
        data=array_schema(object_schema((), b64_json=STRING, url=STRING)),
    ),
    "BatchRequest": object_schema(
        ("model", "messages"),
        messages=array_schema(array_schema({}, minItems=1), minItems=1, maxItems=1000),
        **_CHAT_FIELDS,
    ),
    "Batch": object_schema(
        ("id", "object", "status", "model", "model_requested", "request_counts"),
        id=STRING,
        object={"const": "batch"},
        status={"enum": ["queued", "in_progress", "completed", "failed"]},
        model=STRING,
        model_requested=STRING,
        request_counts=object_schema(
            ("total", "completed", "failed"), total=INTEGER, completed=INTEGER, failed=INTEGER
        ),
        results=array_schema({"type": "object"}),
    ),
    "Models": object_schema(
        ("object", "data"),
        object={"const": "list"},
        data=array_schema(
            object_schema(
                ("id", "object", "created", "owned_by", "root", "aliases", "max_model_len"),
                id=STRING,
                object={"const": "model"},
                created=INTEGER,
                owned_by=STRING,
                root=STRING,
                aliases=array_schema(STRING),
                max_model_len=INTEGER,
            )
        ),
    ),
    "KeyRequest": {
        **object_schema(
            (),
            tenant=STRING,
            label=STRING,
            models=array_schema(STRING),
            tier={"enum": list(TIERS)},
            hourly_tokens=INTEGER,
            rotate_every=NUMBER,
        ),
        "additionalProperties": False,
    },
    "ScriptRequest": object_schema(("steps",), steps=array_schema({"type": "object"})),
    "FaultsRequest": object_schema(("faults",), faults={**STRING, "examples": ["crlf"]}),
    "ClockRequest": object_schema(
        ("advance",), advance={"type": "number", "minimum": 0, "maximum": MAX_STEP}
    ),
    "MachineRequest": object_schema(("health",), health={"enum": ["healthy", "draining", "dead"]}),
    "AlertsRequest": object_schema(
        ("rules",),
        rules=array_schema(
            object_schema(
                ("name", "measure", "threshold"),
                name=STRING,
                measure={"enum": list(MEASURES)},
                threshold=NUMBER,
                window=NUMBER,
            )
        ),
        webhook=nullable(STRING),
    ),
    "Anything": {"type": "object"},
}
