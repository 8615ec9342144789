"""The messages of OpenTelemetry's GenAI conventions as JSON schemas, written from their text.

https://opentelemetry.io/docs/specs/semconv/gen-ai/ (gen-ai-input-messages, -output-messages).
"""

from __future__ import annotations

from typing import Any


def part(kind: str, required: list[str], **properties: Any) -> dict[str, Any]:
    """Return the schema of one kind of part."""
    return {
        "type": "object",
        "properties": {"type": {"const": kind}, **properties},
        "required": ["type", *required],
    }


STRING = {"type": "string"}
ANY: dict[str, Any] = {}
MODALITY = {"modality": STRING, "mime_type": {"type": ["string", "null"]}}
PARTS = [
    part("text", ["content"], content=STRING),
    part("reasoning", ["content"], content=STRING),
    part("tool_call", ["name"], id={"type": ["string", "null"]}, name=STRING, arguments=ANY),
    part("tool_call_response", ["response"], id={"type": ["string", "null"]}, response=ANY),
    part("blob", ["modality", "content"], **MODALITY, content=STRING),
    part("uri", ["modality", "uri"], **MODALITY, uri=STRING),
]


def messages(**more: Any) -> dict[str, Any]:
    """Return the schema of a list of messages."""
    properties = {"role": STRING, "parts": {"type": "array", "items": {"oneOf": PARTS}}, **more}
    message = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "array", "items": message, "minItems": 1}


INPUT = messages()
OUTPUT = messages(
    finish_reason={"enum": ["stop", "length", "content_filter", "tool_call", "error"]}
)
