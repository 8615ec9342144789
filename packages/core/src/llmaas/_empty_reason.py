"""Explanations for answers without text and tool calls."""

from __future__ import annotations

from llmaas.finish_reasons import TOKEN_LIMIT

_LOWER_EFFORT = "Lower reasoning_effort (low or medium)"
_CUT = {
    True: f"reasoning used the whole token budget. Raise max_tokens, or {_LOWER_EFFORT.lower()}.",
    False: "the token budget was used up. Raise max_tokens.",
}
_ENDED = {
    True: f"the model only reasoned. {_LOWER_EFFORT}, or retry.",
    False: "the model wrote nothing. Change the prompt and retry.",
}
_BY_REASON = {
    "content_filter": "a content filter removed it. Rephrase the prompt.",
    "tool_calls": "it announces a tool call but contains none. Retry, or lower reasoning_effort.",
}


def explain_empty_answer(model: str, finish_reason: str | None, *, reasoned: bool) -> str:
    """Explain an empty answer (one call in six of Qwen3.8 at its default effort)."""
    why = _BY_REASON.get(finish_reason or "") or _ENDED[reasoned]
    if finish_reason in TOKEN_LIMIT:
        why = _CUT[reasoned]
    return f"The answer of {model} is empty (finish_reason {finish_reason!r}): {why}"
