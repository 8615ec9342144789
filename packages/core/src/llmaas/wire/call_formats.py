"""Parsers of the tool call formats that models write as text.

Hermes and Qwen (JSON in ``<tool_call>``), Qwen coder (``<function=...>``), GLM (``<arg_key>``),
Mistral (``[TOOL_CALLS]``), Llama (``<|python_tag|>``), Granite (``<|tool_call|>``), Gemma 4
(``call:name{...}``), Kimi, DeepSeek and gpt-oss (``commentary to=functions.name``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from llmaas.wire.tool_names import ToolNames

_BAR, _GAP = "\uff5c", "\u2581"
"""The vertical bar and the space in DeepSeek's tokens."""

MARKS = (
    "<tool_call>",
    "<|tool_call|>",
    "<|tool_call>",
    "<tools>",
    "<function_call>",
    "<function=",
    "[TOOL_CALLS]",
    "<|python_tag|>",
    "<|tool_calls_section_begin|>",
    "<|tool_call_begin|>",
    f"<{_BAR}tool{_GAP}calls{_GAP}begin{_BAR}>",
    "<|channel|>commentary to=",
    "<|channel|>analysis to=",
    "<|start|>assistant<|channel|>commentary to=",
    "<|start|>assistant<|channel|>analysis to=",
    "<|start|>assistant to=",
    "assistantcommentary to=functions.",
    "commentary to=functions.",
)
"""Beginnings of text that is a call."""

TOKENS = (
    *(mark for mark in MARKS if mark.endswith((">", "]"))),
    "</tool_call>",
    "<tool_call|>",
    "</tools>",
    "</function_call>",
    "<|tool_calls_section_end|>",
    "<|tool_call_end|>",
    *(
        f"<{_BAR}tool{_GAP}{name}{_BAR}>"
        for name in (f"calls{_GAP}end", f"call{_GAP}begin", f"call{_GAP}end")
    ),
    "<|call|>",
    "<|end|>",
    "<|return|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
)
"""Tokens around and between calls."""

_BETWEEN = re.compile(rf"(?:[\s,;]|{'|'.join(map(re.escape, TOKENS))})*")

_HARMONY = re.compile(
    r"(?:<\|start\|>)?(?:assistant)?\s*(?:to=(?P<first>[\w.\-]+)\s*)?(?:<\|channel\|>)?"
    r"(?:commentary|analysis)\s*(?:to=(?P<then>[\w.\-]+)\s*)?"
    r"(?:<\|constrain\|>)?\s*(?:json|code)?\s*(?:<\|message\|>)?\s*(?=\{)"
)
_NAMED = re.compile(
    r"(?:call:)?(?P<name>[\w.\-]+(?::\d+)?)\s*"
    rf"(?:\[ARGS\]|<\|tool_call_argument_begin\|>|<{_BAR}tool{_GAP}sep{_BAR}>)?\s*(?=\{{)"
)
_DEEPSEEK_R1 = re.compile(
    rf"function<{_BAR}tool{_GAP}sep{_BAR}>(?P<name>[\w.\-]+)\s*```json\s*(?=\{{)"
)
_FENCE_END = re.compile(r"\s*```")
_FUNCTION = re.compile(r"<function=(?P<name>[\w.\-]+)>(?P<body>.*?)</function>", re.DOTALL)
_PARAMETER = re.compile(r"\s*<parameter=([^>]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
_GLM = re.compile(
    r"(?P<name>[\w.\-]+)\s*(?P<body>(?:<arg_key>.*?</arg_value>\s*)*)(?=</tool_call>)", re.DOTALL
)
_ARGUMENT = re.compile(
    r"\s*<arg_key>(.*?)</arg_key>\s*<arg_value>\n?(.*?)\n?</arg_value>", re.DOTALL
)
_GEMMA_STRING = re.compile(r'<\|"\|>(.*?)<\|"\|>', re.DOTALL)
_GEMMA_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|([A-Za-z_]\w*)(?=\s*:)')

_KEYS = frozenset(("name", "arguments", "parameters", "type", "id", "function", "index"))
_PYTHON = {"True": "true", "False": "false", "None": "null"}
_DECODER = json.JSONDecoder(strict=False)

Call = tuple[str, str]
"""Name and arguments."""


class Reader:
    """Parser of text that consists only of calls of offered tools."""

    def __init__(self, text: str, tools: Iterable[object], names: ToolNames) -> None:
        self._text = text
        self._names = names
        self._tools = tools

    def read(self) -> list[Call]:
        """Parse the calls; return none if the text contains anything else."""
        calls: list[Call] = []
        at = _skip(self._text, 0)
        while at < len(self._text):
            try:
                found, end = self._parse_at(at)
            except (ValueError, RecursionError):
                return []
            if not found or not all(self._names.offers(name) for name, _ in found):
                return []
            calls += found
            at = _skip(self._text, end)
        return calls

    def _parse_at(self, at: int) -> tuple[list[Call], int]:
        """Parse the calls at a position; return them and their end."""
        text = self._text
        if text[at] in "{[":
            value, end = _DECODER.raw_decode(text, at)
            return [self._call(item) for item in _items(value)], end
        if match := _FUNCTION.match(text, at):
            return [self._function(match)], match.end()
        if match := _HARMONY.match(text, at):
            return self._with_json(match, match["then"] or match["first"] or "")
        if match := _DEEPSEEK_R1.match(text, at):
            calls, end = self._with_json(match, match["name"])
            fence = _FENCE_END.match(text, end)
            return calls, fence.end() if fence else end
        if match := _NAMED.match(text, at):
            return self._with_json(match, match["name"])
        if match := _GLM.match(text, at):
            pairs = _ARGUMENT.findall(match["body"])
            return [self._typed(match["name"], pairs)], match.end()
        raise ValueError("not a call")

    def _with_json(self, match: re.Match[str], name: str) -> tuple[list[Call], int]:
        start = match.end()
        if self._text.startswith("call:", match.start()):
            return self._gemma(start, name)
        _, end = _DECODER.raw_decode(self._text, start)
        return [(self._names.clean(name), self._text[start:end])], end

    def _gemma(self, start: int, name: str) -> tuple[list[Call], int]:
        """Parse Gemma's arguments: unquoted keys, strings between tokens."""
        end = self._text.find("<tool_call|>", start)
        raw = self._text[start : end if end >= 0 else len(self._text)]
        quoted = _GEMMA_STRING.sub(lambda found: json.dumps(found[1]), raw)
        arguments = _GEMMA_KEY.sub(lambda m: f'"{m[1]}"' if m[1] else m[0], quoted)
        json.loads(arguments)
        return [(self._names.clean(name), arguments)], start + len(raw)

    def _call(self, item: object) -> Call:
        """Parse a call in JSON."""
        if not isinstance(item, Mapping) or not item.keys() <= _KEYS:
            raise ValueError("not a call")
        inner = item.get("function")
        if isinstance(inner, Mapping):
            return self._call(inner)
        name = item.get("name", inner)
        arguments = item.get("arguments", item.get("parameters"))
        if not isinstance(name, str) or not isinstance(arguments, Mapping | str | None):
            raise ValueError("not a call")
        text = (
            arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        )
        return self._names.clean(name), text

    def _function(self, match: re.Match[str]) -> Call:
        body = match["body"].strip()
        if body.startswith("{"):
            json.loads(body, strict=False)
            return self._names.clean(match["name"]), body
        pairs = _PARAMETER.findall(match["body"])
        if _PARAMETER.sub("", match["body"]).strip():
            raise ValueError("not parameters")
        return self._typed(match["name"], pairs)

    def _typed(self, name: str, pairs: Iterable[tuple[str, str]]) -> Call:
        """Convert textual arguments by the types of the tool's schema."""
        name = self._names.clean(name)
        types = _properties(self._tools, name)
        arguments = {key: _value(text, types.get(key)) for key, text in pairs}
        return name, json.dumps(arguments, ensure_ascii=False)


def _skip(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def _items(value: object) -> Iterator[object]:
    if isinstance(value, list):
        yield from value
    else:
        yield value


def _properties(tools: Iterable[object], name: str) -> Mapping[str, object]:
    for tool in tools:
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if isinstance(function, Mapping) and function.get("name") == name:
            parameters = function.get("parameters")
            found = parameters.get("properties") if isinstance(parameters, Mapping) else None
            return found if isinstance(found, Mapping) else {}
    return {}


def _value(text: str, schema: object) -> object:
    """Convert a textual value to the type of its schema."""
    kind = schema.get("type") if isinstance(schema, Mapping) else "string"
    if kind == "string":
        return text
    try:
        return json.loads(_PYTHON.get(text, text))
    except ValueError:
        return text
