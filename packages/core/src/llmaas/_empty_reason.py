"""Explanations for answers without text and tool calls."""

from __future__ import annotations

from llmaas.finish_reasons import NO_ROOM

_LOWER_EFFORT = "Lower reasoning_effort (low or medium)"
_CUT = {
    True: f"reasoning used the whole budget. Raise max_tokens, or {_LOWER_EFFORT.lower()}.",
    False: "the budget was used up. Raise max_tokens.",
}
_ENDED = {
    True: f"the model only reasoned. {_LOWER_EFFORT}, or ask again.",
    False: "the model wrote nothing. Ask again with a changed prompt.",
}
_BY_REASON = {
    "content_filter": "a content filter removed it. Rephrase the prompt.",
    "tool_calls": "it announces a tool call and holds none. Ask again, or with lower effort.",
}


def explain_empty_answer(model: str, finish_reason: str | None, *, reasoned: bool) -> str:
    """Explain an empty answer: Qwen3.8 at its default effort ends one call in six so."""
    why = _BY_REASON.get(finish_reason or "") or _ENDED[reasoned]
    if finish_reason in NO_ROOM:
        why = _CUT[reasoned]
    return f"The answer of {model} is empty (finish_reason {finish_reason!r}): {why}"
