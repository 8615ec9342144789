"""Validation of chat requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.chat.parameters import check_calls, check_parameters
from llmaas_sandbox.errors import Refusal, bad_request, status_error
from llmaas_sandbox.families.check import check_engine_rules
from llmaas_sandbox.faults.parse import Faults

DEFAULT_MAX_TOKENS = 1024
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_CONTENT_PARTS = ("text", "image_url", "image", "audio_url", "video_url", "input_audio")


def validate_request(body: Mapping[str, object], model: Model, faults: Faults) -> None:
    """Raise a refusal if the request is invalid for the service or for the model's engine."""
    _check_messages(body.get("messages"))
    check_parameters(body, faults.engine)
    _check_quirks(body, model, faults)
    check_engine_rules(body, model, faults)


def _check_messages(messages: object) -> None:
    if messages is None:
        raise bad_request("Missing required parameter: 'messages'", "messages")
    if not isinstance(messages, list) or not messages:
        raise bad_request("Invalid parameter 'messages': must be a non-empty array", "messages")
    for i, message in enumerate(messages):
        where = f"messages[{i}]"
        if not isinstance(message, Mapping) or message.get("role") not in _ROLES:
            raise bad_request(f"Invalid parameter '{where}.role'", "messages")
        _check_content(message, where)
        check_calls(message, where)


def _check_content(message: Mapping[str, object], where: str) -> None:
    content = message.get("content")
    if content is None and (message.get("tool_calls") or message["role"] == "assistant"):
        return
    if message["role"] == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise bad_request(f"Missing required parameter: '{where}.tool_call_id'", "messages")
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        raise bad_request(f"Invalid parameter '{where}.content'", "messages")
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind not in _CONTENT_PARTS:
            raise bad_request(
                f"Invalid parameter '{where}.content': unknown part '{kind}'", "messages"
            )


def _check_quirks(body: Mapping[str, object], model: Model, faults: Faults) -> None:
    """Reject what some backends do not support: thinking switches on Mistral, audio, video."""
    if "enable_thinking" in body and "stral" in model.family and not faults.engine:
        raise bad_request(
            "Unsupported parameter 'enable_thinking' for this tokenizer", "enable_thinking"
        )
    if not {"audio_url", "video_url", "input_audio"}.isdisjoint(_part_types(body)):
        raise status_error(502)


def _part_types(body: Mapping[str, Any]) -> set[str]:
    contents = (m.get("content") for m in body["messages"])
    return {str(p.get("type")) for c in contents if isinstance(c, list) for p in c}


def max_tokens(body: Mapping[str, Any]) -> int:
    """Return the token limit of an answer. Defaults to 1,024, as on the service."""
    return int(body.get("max_tokens") or body.get("max_completion_tokens") or DEFAULT_MAX_TOKENS)


def prompt_refusal(body: Mapping[str, Any]) -> Refusal | None:
    """Return the refusal of a ``prompt`` in place of ``messages``, or None."""
    if "messages" in body:
        return None
    return bad_request("This endpoint takes 'messages', not 'prompt'", "messages")
