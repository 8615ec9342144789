"""Facts of chat answers, whole or streamed."""

from __future__ import annotations

import json
import re
from typing import Any

from llmaas_cli.probe.exchange import Exchange, as_dict, dicts

_TAG = re.compile(r"</?think(ing)?>")
_ID_SHAPES = (
    ("9 letters and digits", re.compile(r"[A-Za-z0-9]{9}")),
    ("chatcmpl-tool-*", re.compile(r"chatcmpl-tool-.+")),
    ("call_*", re.compile(r"call_.+")),
)


def text(exchange: Exchange) -> str:
    """Return the text of the answer, empty if there is none."""
    content = exchange.message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in dicts(content))
    return content if isinstance(content, str) else ""


def visible_text(exchange: Exchange) -> str:
    """Return the text after reasoning between tags, which JSON may hold as text."""
    if load(text(exchange)) is not None:
        return text(exchange)
    return re.sub(r"(?s)^.*</think(ing)?>", "", text(exchange)).strip()


def reasoning_field(exchange: Exchange) -> str:
    """Find the reasoning: ``reasoning_content``, ``reasoning``, ``both``, ``tags`` or ``none``."""
    names = [n for n in ("reasoning", "reasoning_content") if exchange.message.get(n)]
    if names:
        return "both" if len(names) == 2 else names[0]
    has_tag = _TAG.search(text(exchange)) and load(text(exchange)) is None
    return "tags" if has_tag else "none"


def profile_field(exchange: Exchange) -> str:
    """Name the field of reasoning as a profile does."""
    return {"both": "reasoning", "tags": "content"}.get(
        reasoning_field(exchange), reasoning_field(exchange)
    )


def reasoned(exchange: Exchange) -> bool:
    """Whether the model reasoned.

    Tags in a text are not reasoning if the engine, which looks for it, counted none.
    """
    details = as_dict(exchange.usage.get("completion_tokens_details"))
    if reasoning_field(exchange) == "tags" and details.get("reasoning_tokens") == 0:
        return False
    return reasoning_field(exchange) != "none" or bool(reasoning_tokens(exchange))


def calls(exchange: Exchange) -> list[Any]:
    """Return the tool calls."""
    return list(dicts(exchange.message.get("tool_calls")))


def _arguments(exchange: Exchange) -> list[Any]:
    return [as_dict(call.get("function")).get("arguments") for call in calls(exchange)]


def argument_kind(exchange: Exchange) -> str:
    """Form of arguments: ``text``, ``object``, ``invalid`` text, or ``none``."""
    found = _arguments(exchange)
    if not found:
        return "none"
    if any(isinstance(each, dict) for each in found):
        return "object"
    return "text" if all(_is_object(each) for each in found) else "invalid"


def _is_object(value: object) -> bool:
    return isinstance(load(value), dict)


def load(value: Any) -> Any:
    """Parse JSON; None if it is not JSON."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return None


def call_id_shape(exchange: Exchange) -> str:
    """Shape of the ids of tool calls."""
    ids = [call.get("id") for call in calls(exchange)]
    if not ids:
        return "none"
    if not all(isinstance(each, str) and each for each in ids):
        return "missing"
    known = (name for name, shape in _ID_SHAPES if shape.fullmatch(str(ids[0])))
    return next(known, "other")


def called(exchange: Exchange) -> str:
    """Names of the called functions."""
    names = [as_dict(call.get("function")).get("name") for call in calls(exchange)]
    return ", ".join(str(name) for name in names)


def content_kind(exchange: Exchange) -> str:
    """Form of the content: ``text``, ``empty``, ``null``, ``absent``, ``list``."""
    if "content" not in exchange.message:
        return "absent"
    value = exchange.message["content"]
    if value is None:
        return "null"
    return "list" if isinstance(value, list) else "text" if value else "empty"


def json_kind(exchange: Exchange) -> str:
    """Whether the text is a JSON object: ``object``, ``fenced``, ``other`` or ``none``."""
    whole, found = text(exchange), visible_text(exchange)
    if not whole:
        return "none"
    if _is_object(whole) or _is_object(found):  # a tag may be part of a JSON text
        return "object"
    return "fenced" if re.search(r"```", found) else "other"


def matches_enum(exchange: Exchange) -> bool:
    """Whether the JSON has the value that only the schema of the request names."""
    names = ("reasoning", "reasoning_content")
    texts = (visible_text(exchange), *(exchange.message.get(name) for name in names))
    return any(as_dict(load(each)).get("code") == "QZX-17" for each in texts)


def reasoning_tokens(exchange: Exchange) -> int | None:
    """Reasoning tokens of the usage, wherever they are."""
    details = as_dict(exchange.usage.get("completion_tokens_details"))
    for value in (exchange.usage.get("reasoning_tokens"), details.get("reasoning_tokens")):
        if isinstance(value, int):
            return value
    return None


def reasoning_tokens_place(exchange: Exchange) -> str:
    """Where the usage counts reasoning: ``top``, ``details``, ``both`` or ``none``."""
    details = as_dict(exchange.usage.get("completion_tokens_details"))
    is_top = isinstance(exchange.usage.get("reasoning_tokens"), int)
    is_detail = isinstance(details.get("reasoning_tokens"), int)
    return {(1, 1): "both", (1, 0): "top", (0, 1): "details"}.get((is_top, is_detail), "none")


def total_is(exchange: Exchange) -> str:
    """Find the sum of the total: ``prompt and completion``, ``and reasoning``, or ``other``."""
    usage = exchange.usage
    prompt, completion = _count(exchange, "prompt_tokens"), _count(exchange, "completion_tokens")
    total, reasoning = usage.get("total_tokens"), reasoning_tokens(exchange) or 0
    if prompt is None or completion is None or not isinstance(total, int):
        return "unknown"
    if total == prompt + completion:
        return "prompt and completion"
    return "and reasoning" if total == prompt + completion + reasoning else "other"


def id_shape(exchange: Exchange) -> str:
    """Shape of the answer's id."""
    value = exchange.events[0].get("id") if exchange.events else as_dict(exchange.json).get("id")
    if not isinstance(value, str):
        return "absent"
    for name, shape in (
        ("chatcmpl-<hex>", r"chatcmpl-[0-9a-f]{16,32}"),
        ("chatcmpl-*", r"chatcmpl-.+"),
    ):
        if re.fullmatch(shape, value):
            return name
    return "other"


def model_is(exchange: Exchange) -> str:
    """Whether the answer names the requested model: ``requested``, ``another`` or ``absent``."""
    first = exchange.events[0] if exchange.events else as_dict(exchange.json)
    named, requested = first.get("model"), as_dict(exchange.body).get("model")
    return "absent" if not named else "requested" if named == requested else "another"


def _count(exchange: Exchange, name: str) -> int | None:
    value = exchange.usage.get(name)
    return value if isinstance(value, int) else None


FACTS = {
    "has_choice": lambda e: bool(e.choice) or bool(e.deltas),
    "has_text": lambda e: bool(visible_text(e)),
    "content_kind": content_kind,
    "finish_reason": lambda e: e.choice.get("finish_reason"),
    "choices": lambda e: len(dicts(as_dict(e.json).get("choices"))),
    "reasoning_field": reasoning_field,
    "reasoned": reasoned,
    "profile_field": profile_field,
    "call_count": lambda e: len(calls(e)),
    "called": called,
    "argument_kind": argument_kind,
    "call_id_shape": call_id_shape,
    "json_kind": json_kind,
    "matches_enum": matches_enum,
    "has_stop_word": lambda e: "three" in visible_text(e).lower(),
    "has_usage": lambda e: bool(e.usage),
    "prompt_tokens": lambda e: _count(e, "prompt_tokens"),
    "completion_tokens": lambda e: _count(e, "completion_tokens"),
    "reasoning_tokens": reasoning_tokens,
    "reasoning_tokens_place": reasoning_tokens_place,
    "cached_tokens_shown": lambda e: isinstance(
        as_dict(e.usage.get("prompt_tokens_details")).get("cached_tokens"), int
    ),
    "total_is": total_is,
    "reasoning_fits": lambda e: (reasoning_tokens(e) or 0) <= (_count(e, "completion_tokens") or 0),
    "id_shape": id_shape,
    "model_is": model_is,
    "has_backend": lambda e: (
        "backend" in as_dict(e.json) or any("backend" in each for each in e.events)
    ),
    "has_logprobs": lambda e: bool(as_dict(e.choice.get("logprobs")).get("content")),
    "text_tokens": lambda e: len(re.findall(r"\w+", text(e))),
}
