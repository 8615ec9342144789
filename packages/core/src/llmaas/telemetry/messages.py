"""Messages in the format of OpenTelemetry's GenAI conventions: a role and ``parts``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from llmaas.text import well_formed
from llmaas.types import Choice, Completion

_MODALITIES = {
    "image_url": "image",
    "input_image": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
    "file": "file",
}
_FINISH_REASONS = {"tool_calls": "tool_call", "function_call": "tool_call"}


def input_messages(inputs: Any) -> str:
    """Serialize inputs for ``gen_ai.input.messages``."""
    if isinstance(inputs, str):
        inputs = [inputs]
    return _to_json(list(_messages(inputs)))


def output_messages(completion: Completion) -> str:
    """Serialize the choices of an answer for ``gen_ai.output.messages``."""
    return _to_json(
        [
            {
                "role": "assistant",
                "parts": list(_choice_parts(choice)),
                "finish_reason": _FINISH_REASONS.get(
                    choice.finish_reason or "", choice.finish_reason or "error"
                ),
            }
            for choice in completion.choices
        ]
    )


def tool_definitions(tools: object) -> str | None:
    """Serialize the tools of a request for ``gen_ai.tool.definitions``."""
    if not isinstance(tools, Sequence) or isinstance(tools, str) or not tools:
        return None
    functions = (tool.get("function") for tool in tools if isinstance(tool, Mapping))
    definitions = [{"type": "function", **function} for function in functions if function]
    return _to_json(definitions) if definitions else None


def _messages(inputs: Iterable[object]) -> Iterator[dict[str, object]]:
    for message in inputs:
        if isinstance(message, str):
            yield {"role": "user", "parts": [_text(message)]}
        elif isinstance(message, Mapping):
            yield {"role": str(message.get("role", "user")), "parts": list(_parts(message))}
        elif isinstance(message, Iterable):  # the conversations of a batch
            yield from _messages(message)


def _parts(message: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str):
        yield {"type": "reasoning", "content": reasoning}
    content = message.get("content")
    if message.get("role") == "tool":
        yield {
            "type": "tool_call_response",
            "id": message.get("tool_call_id"),
            "response": content,
        }
        return
    yield from _content_parts(content)
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        yield _tool_call(call.get("id"), function.get("name"), function.get("arguments"))


def _content_parts(content: object) -> Iterator[dict[str, object]]:
    if isinstance(content, str):
        if content:
            yield _text(content)
    elif isinstance(content, Sequence):
        for part in content:
            if isinstance(part, str):
                yield _text(part)
            elif isinstance(part, Mapping):
                yield _part(part)


def _part(part: Mapping[str, Any]) -> dict[str, object]:
    kind = str(part.get("type", "text"))
    if kind not in _MODALITIES:
        return _text(part["text"]) if isinstance(part.get("text"), str) else {"type": kind}
    source = part.get(kind)
    url = source.get("url") if isinstance(source, Mapping) else source
    if isinstance(url, str) and not url.startswith("data:"):
        return {"type": "uri", "modality": _MODALITIES[kind], "uri": url}
    mime_type = url[5:].partition(";")[0] if isinstance(url, str) else None
    # Without the bytes: megabytes of base64 do not belong in a span.
    return {"type": "blob", "modality": _MODALITIES[kind], "mime_type": mime_type, "content": ""}


def _choice_parts(choice: Choice) -> Iterator[dict[str, object]]:
    if choice.reasoning:
        yield {"type": "reasoning", "content": choice.reasoning}
    if text := choice.content or choice.refusal:
        yield _text(text)
    for call in choice.tool_calls:
        yield _tool_call(call.id, call.name, call.arguments)


def _tool_call(id_: object, name: object, arguments: object) -> dict[str, object]:
    if isinstance(arguments, str):
        with contextlib.suppress(ValueError, RecursionError):  # invalid JSON stays text
            arguments = json.loads(arguments or "{}")
    return {"type": "tool_call", "id": id_, "name": str(name or ""), "arguments": arguments}


def _text(text: str) -> dict[str, object]:
    return {"type": "text", "content": text}


def _to_json(value: object) -> str:
    """Serialize as JSON without lone surrogates, which exporters cannot encode as UTF-8."""
    return well_formed(json.dumps(value, ensure_ascii=False, default=str))
