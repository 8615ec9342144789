"""Conversion of Pydantic AI messages to API messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    CompactionPart,
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)

from pydantic_ai_llmaas.content_parts import Wire, to_content


async def to_api_messages(
    messages: Sequence[ModelMessage], instructions: Sequence[InstructionPart], *, reasoning: str
) -> list[Wire]:
    """Convert a history. The client orders it as the model's chat template requires.

    ``reasoning`` selects the thinking to send: ``auto`` (current turn only), ``always`` or
    ``never``.
    """
    last_question = _last_user_position(messages)
    wire: list[Wire] = []
    for position, message in enumerate(messages):
        plain = _convert_text(message)
        if plain is not None:
            wire.append(plain)
        elif isinstance(message, ModelResponse):
            sent = reasoning == "always" or (reasoning == "auto" and position > last_question)
            wire.extend(_response(message, with_reasoning=sent))
        else:
            wire.extend([part async for part in _request(message)])
    start = next((i for i, m in enumerate(wire) if m["role"] != "system"), len(wire))
    wire[start:start] = [{"role": "system", "content": part.content} for part in instructions]
    return wire


def _convert_text(message: ModelMessage) -> Wire | None:
    """Convert a question or an answer of one text (fast path); return None for others."""
    part = message.parts[0] if len(message.parts) == 1 else None
    if type(part) is UserPromptPart and type(part.content) is str:
        return {"role": "user", "content": part.content}
    if type(part) is TextPart and part.content:
        return {"role": "assistant", "content": part.content}
    return None


def _last_user_position(messages: Sequence[ModelMessage]) -> int:
    for position in range(len(messages) - 1, -1, -1):
        parts = messages[position].parts
        if any(isinstance(part, UserPromptPart) for part in parts):
            return position
    return -1


async def _request(message: ModelRequest) -> AsyncIterator[Wire]:
    """Yield the messages of a request. Files returned by tools follow the tool results."""
    files: list[UserContent] = []
    for part in message.parts:
        if isinstance(part, ToolReturnPart):
            text, returned = part.model_response_str_and_user_content()
            files += returned
            yield _tool_message(part.tool_call_id, text)
        elif isinstance(part, UserPromptPart):
            yield {"role": "user", "content": await to_content(part.content)}
        elif isinstance(part, SystemPromptPart):
            yield {"role": "system", "content": part.content}
        elif isinstance(part, RetryPromptPart):
            yield _retry_message(part)
        elif isinstance(part, CompactionPart):
            yield {"role": "user", "content": part.content or ""}
        else:
            raise UserError(
                f"{type(part).__name__} cannot be sent as it is: pass the history through"
                " model.prepare_messages(messages) first, as an agent does."
            )
    if files:
        yield {"role": "user", "content": await to_content(files)}


def _retry_message(part: RetryPromptPart) -> Wire:
    if part.tool_name is None:
        return {"role": "user", "content": part.model_response()}
    return _tool_message(part.tool_call_id, part.model_response())


def _tool_message(call_id: str, text: str) -> Wire:
    return {"role": "tool", "tool_call_id": call_id, "content": text}


def _response(message: ModelResponse, *, with_reasoning: bool) -> Iterator[Wire]:
    """Yield one message with text, calls and reasoning; nothing for an empty response."""
    texts, thoughts, calls = [], [], []
    for part in message.parts:
        if isinstance(part, TextPart):
            texts.append(part.content)
        elif isinstance(part, ThinkingPart):
            thoughts.append(part.content)
        elif isinstance(part, ToolCallPart):
            calls.append(_tool_call(part))
    text = "\n\n".join(filter(None, texts))
    reasoning = "".join(thoughts) if with_reasoning else ""
    if not (text or calls or reasoning):
        return
    wire: Wire = {"role": "assistant", "content": text or (None if calls else "")}
    if calls:
        wire["tool_calls"] = calls
    if reasoning:
        wire["reasoning_content"] = reasoning
    yield wire


def _tool_call(part: ToolCallPart) -> Wire:
    function = {"name": part.tool_name, "arguments": part.args_as_json_str()}
    return {"id": part.tool_call_id, "type": "function", "function": function}
