"""Hypothesis strategies for conversations, valid and invalid."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

Message = dict[str, Any]

WORDS = st.text(alphabet="abcdeéßx日", min_size=2, max_size=4)
TEXTS = st.one_of(WORDS, WORDS, WORDS, st.just(""))
CONTENTS = st.one_of(
    TEXTS,
    TEXTS,
    st.none(),
    st.lists(WORDS, max_size=2).map(lambda ws: [{"type": "text", "text": w} for w in ws]),
)
IDS = st.sampled_from(["abc123456", "call_1", "call_1", "", "call_0123456789abcdef", "Zz9", None])
ARGUMENTS = st.sampled_from(
    [
        '{"city": "Paris"}',
        "{}",
        "",
        '"Paris"',
        '{"city": "Par',
        "[1]",
        "null",
        '{"city": "a\nb"}',
        '{"city": "\\ud83d"}',
        {"city": "Lyon"},
        None,
    ]
)


def _call(call_id: Any, name: Any, arguments: Any, typed: bool) -> Message:
    kind = {"type": "function"} if typed else {}
    return {"id": call_id, "function": {"name": name, "arguments": arguments}, **kind}


CALLS = st.builds(_call, IDS, st.sampled_from(["weather", "mail"]), ARGUMENTS, st.booleans())


def _message(role: str, contents: Any = CONTENTS, **more: Any) -> st.SearchStrategy[Message]:
    return st.fixed_dictionaries({"role": st.just(role), "content": contents, **more})


MESSAGES = st.one_of(
    _message("system"),
    _message("developer"),
    _message("user"),
    _message("user", name=st.just("bob")),
    _message("assistant"),
    _message("assistant", tool_calls=st.none(), refusal=st.none(), function_call=st.none()),
    _message("assistant", tool_calls=st.lists(CALLS, max_size=3)),
    _message("assistant", tool_calls=st.lists(CALLS, min_size=1, max_size=2)),
    _message("assistant", function_call=st.just({"name": "mail", "arguments": "{}"})),
    _message("tool", tool_call_id=IDS),
    _message("tool", tool_call_id=IDS, name=st.just("weather")),
    _message("tool"),
    _message("function", name=st.just("mail")),
)


def _numbered(messages: Sequence[Message]) -> list[Message]:
    """Make every text different from every other."""
    numbers = itertools.count()

    def different(content: Any) -> Any:
        if isinstance(content, list):
            return [{**part, "text": different(part["text"])} for part in content]
        return f"{content}{next(numbers)}Q" if content else content

    return [{**message, "content": different(message["content"])} for message in messages]


CONVERSATIONS = st.lists(MESSAGES, min_size=1, max_size=9).map(_numbered)


def texts_of(messages: Sequence[Any]) -> Iterator[str]:
    """Yield every text that somebody said."""
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            yield content
        for part in content if isinstance(content, list) else ():
            yield part.get("text", "")
