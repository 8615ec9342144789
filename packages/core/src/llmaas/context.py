"""Trimming of conversations to a token budget, without separating tool calls and results.

Tokens are estimated as four characters each, as the service documents. Images are not counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from llmaas._errors_base import InvalidInputError
from llmaas.messages import Message, Messages, content_text, normalize_messages
from llmaas.pricing import estimate_tokens

PER_MESSAGE = 4
"""Approximate number of tokens that a chat template adds to each message."""
_HEADS = ("system", "developer")
SUMMARY_PROMPT = (
    "Summarize the conversation below for somebody who continues it: facts, decisions, open "
    "questions, names and figures. Reply with the summary only, in the conversation's language."
)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Conversation that fits the budget, and the dropped messages."""

    messages: list[Message]
    dropped: list[Message]
    tokens: int
    """Estimated tokens of ``messages``."""


def message_tokens(message: Message) -> int:
    """Estimate the tokens of a message, including its tool calls."""
    text = content_text(message.get("content"))
    calls = message.get("tool_calls")
    extra = json.dumps(calls, ensure_ascii=False) if calls else ""
    return PER_MESSAGE + estimate_tokens(text + extra)


def conversation_tokens(messages: Messages) -> int:
    """Estimate the tokens of a conversation."""
    return sum(map(message_tokens, normalize_messages(messages)))


def trim(messages: Messages, max_tokens: int) -> Trimmed:
    """Keep the system messages and the latest turns that fit into ``max_tokens``.

    Tool calls and their results are kept or dropped together. The kept turns begin with a user
    message if there is one.

    Raises ``InvalidInputError`` if the system messages and the last turn alone are too long.
    """
    given = normalize_messages(messages)
    heads = [m for m in given if m.get("role") in _HEADS]
    blocks = list(_blocks([m for m in given if m.get("role") not in _HEADS]))
    kept = _latest(blocks, max_tokens - sum(map(message_tokens, heads)))
    if blocks and not kept:
        raise InvalidInputError(
            f"max_tokens is too small, got {max_tokens}: the system messages and the last turn "
            "alone take more. Raise max_tokens or shorten them."
        )
    dropped = blocks[: len(blocks) - len(kept)]
    result = heads + [message for block in kept for message in block]
    tokens = sum(map(message_tokens, result))
    if tokens > max_tokens:
        raise InvalidInputError(
            f"max_tokens is too small, got {max_tokens}: the system messages alone take {tokens}."
        )
    return Trimmed(result, [message for block in dropped for message in block], tokens)


def summarize(
    messages: Messages,
    max_tokens: int,
    ask: Callable[[list[Message]], str],
    *,
    summary_tokens: int = 500,
) -> Trimmed:
    """Trim a conversation and replace the dropped messages by a summary.

    ``ask`` answers a conversation with a text, for example
    ``lambda m: client.chat(m, model="gpt-oss:20b", max_tokens=2000).text``. It is not called
    if everything fits. The summary is truncated after ``summary_tokens``.
    """
    whole = normalize_messages(messages)
    if conversation_tokens(whole) <= max_tokens:
        return trim(whole, max_tokens)
    short = trim(whole, max_tokens - summary_tokens - PER_MESSAGE)
    prompt = f"{SUMMARY_PROMPT}\n\n{transcript(short.dropped)}"
    text = ask([{"role": "user", "content": prompt}]).strip()[: summary_tokens * 4]
    note: Message = {
        "role": "system",
        "content": f"Earlier in this conversation:\n{text}"[: summary_tokens * 4],
    }
    heads = [m for m in short.messages if m.get("role") in _HEADS]
    rest = short.messages[len(heads) :]
    result = [*heads, note, *rest]
    return Trimmed(result, short.dropped, sum(map(message_tokens, result)))


def transcript(messages: Sequence[Message]) -> str:
    """Format a conversation as plain text."""
    return "\n".join(_format_message(message) for message in messages)


def _format_message(message: Message) -> str:
    names = [call["function"]["name"] for call in message.get("tool_calls") or ()]
    called = f" [calls {', '.join(names)}]" if names else ""
    return f"{message['role']}: {content_text(message.get('content'))}{called}"


def _blocks(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Group tool calls with their results; other messages are groups of one."""
    block: list[Message] = []
    for message in messages:
        if block and message.get("role") != "tool":
            yield block
            block = []
        block.append(message)
    if block:
        yield block


def _latest(blocks: list[list[Message]], budget: int) -> list[list[Message]]:
    """Return the last blocks that fit, beginning with a user message if there is one."""
    kept: list[list[Message]] = []
    for block in reversed(blocks):
        budget -= sum(map(message_tokens, block))
        if budget < 0:
            break
        kept.insert(0, block)
    if len(kept) == len(blocks):
        return kept
    starts = [n for n, block in enumerate(kept) if block[0].get("role") == "user"]
    return kept[starts[0] :] if starts else _without_orphans(kept)


def _without_orphans(kept: list[list[Message]]) -> list[list[Message]]:
    return [block for block in kept if block[0].get("role") != "tool"]
