"""Response variants: formats of reasoning, usage and tool calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.faults.parse import Faults

Json = dict[str, Any]


def add_reasoning(message: Json, text: str, style: str) -> None:
    """Add reasoning to a message or delta in the given style."""
    if style in ("reasoning_content", "reasoning-both"):
        message["reasoning_content"] = text
    if style in ("reasoning", "reasoning-both", "reasoning-only"):
        message["reasoning"] = text
    if style == "think":
        message["content"] = f"<think>\n{text}\n</think>\n\n{message.get('content') or ''}"
    if style == "lone-think-close":
        message["content"] = f"{text}\n</think>\n\n{message.get('content') or ''}"


def shape_usage(usage: Mapping[str, object], faults: Faults) -> Json:
    """Place reasoning tokens at the top level of usage, or nested as in OpenAI's API."""
    shaped = dict(usage)
    if "usage-nested-reasoning" in faults:
        reasoning = shaped.pop("reasoning_tokens", 0)
        shaped["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return shaped


def shape_tool_call(call: Json, faults: Faults) -> Json:
    """Convert a tool call to the format of older backends."""
    shaped = {**call, "function": dict(call["function"])}
    if "tool-object-args" in faults:
        shaped["function"]["arguments"] = _as_object(call["function"]["arguments"])
    if "tool-empty-args" in faults:
        shaped["function"]["arguments"] = ""
    if "tool-no-index" in faults:
        shaped.pop("id", None)
        shaped.pop("index", None)
    return shaped


def _as_object(arguments: str) -> object:
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def to_json_text(content: str, faults: Faults, first_attempt: bool) -> str:
    """Apply faults to a JSON answer: a Markdown fence, or a truncated first attempt."""
    if "bad-json" in faults and first_attempt:
        content = content[: max(1, len(content) * 2 // 3)].rstrip("}\n ") or "{"
    if "fenced-json" in faults:
        content = f"```json\n{content}\n```"
    return content


def to_ollama(body: Mapping[str, Any], stream: bool) -> Json:
    """Convert a response or chunk to the native format of Ollama."""
    choice = (body.get("choices") or [{}])[0]
    message = dict(choice.get("delta" if stream else "message") or {})
    message.setdefault("role", "assistant")
    message["content"] = message.get("content") or ""
    if message.get("tool_calls"):
        message["tool_calls"] = [
            {
                "function": {
                    **c["function"],
                    "arguments": _as_object(c["function"].get("arguments", "")),
                }
            }
            for c in message["tool_calls"]
        ]
    done = not stream or choice.get("finish_reason") is not None
    native: Json = {"model": body.get("model"), "created_at": "2026-01-01T00:00:00Z"}
    native |= {"message": message, "done": done}
    if done:
        usage = body.get("usage") or {}
        native |= {"done_reason": choice.get("finish_reason") or "stop"}
        native |= {"prompt_eval_count": usage.get("prompt_tokens", 0)}
        native |= {"eval_count": usage.get("completion_tokens", 0)}
    return native
