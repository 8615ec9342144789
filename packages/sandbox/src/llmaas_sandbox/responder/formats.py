"""Answers in the text formats of agent frameworks: ReAct and DSPy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from llmaas_sandbox.responder import dspy
from llmaas_sandbox.responder.conversation import Message, last_user_text
from llmaas_sandbox.responder.schema import fill
from llmaas_sandbox.responder.tools import select_tool
from llmaas_sandbox.tokens import content_text

Answer = Callable[[Sequence[Message]], str]

_TOOL = re.compile(r"^> ?Tool Name: (?P<name>[^\n]{1,100})$", re.MULTILINE)
_NAMES = re.compile(r"one of \[?(?P<names>[\w, -]{1,2000})\]?")
_OBSERVATION, _INPUT = "Observation:", "Action Input:"


def format_answer(messages: Sequence[Message], answer: Answer) -> str:
    """Answer in the format that the prompt describes; empty without one."""
    kind = detect_format(messages)
    if kind == "dspy json":
        return dspy.build_json_object(last_user_text(messages), parse_head(messages), answer)
    if kind == "dspy":
        return dspy.build_fields(last_user_text(messages), parse_head(messages), answer)
    return _react(messages, parse_head(messages), answer) if kind == "react" else ""


def detect_format(messages: Sequence[Message]) -> str:
    """Detect the format that a prompt describes: dspy, dspy-json, react or none."""
    requested = last_user_text(messages)
    if dspy.is_dspy_json_prompt(requested):
        return "dspy json"
    if dspy.is_dspy_prompt(requested):
        return "dspy"
    prompt = parse_head(messages)
    acts = _INPUT in prompt and "Action:" in prompt and "Thought" in prompt
    return "react" if acts else ""


def parse_head(messages: Sequence[Message]) -> str:
    """Return the instructions that precede the conversation."""
    return "\n".join(content_text(m.get("content")) for m in messages[:2])


def _react(messages: Sequence[Message], prompt: str, answer: Answer) -> str:
    """Act on the question, or answer with what the action brought."""
    last = content_text(messages[-1].get("content"))
    label = "Final Answer:" if "Final Answer:" in prompt else "Answer:"
    observed = last.rpartition(_OBSERVATION)[2].strip() if _OBSERVATION in last else ""
    observed = observed.removesuffix("Thought:").strip()
    if observed and not observed.startswith(("the result", "tool response")):
        return f"Thought: I can answer without using any more tools.\n{label} {observed}"
    question = _question(messages)
    tool = select_tool(_tools(prompt), question)
    if tool is None:
        stated = answer([{"role": "user", "content": question}])
        return f"Thought: I can answer without using any tools.\n{label} {stated}"
    arguments = fill(tool["parameters"], question) if tool["parameters"] else question
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return f"Thought: I need to use a tool.\nAction: {tool['name']}\n{_INPUT} {written}"


def _question(messages: Sequence[Message]) -> str:
    text = last_user_text(messages)
    if "Question:" in text:
        text = text.rpartition("Question:")[2].partition("\nThought:")[0]
    return text.strip()


def _tools(prompt: str) -> list[Mapping[str, object]]:
    """Return the tools that a prompt lists: LlamaIndex's blocks, else the names alone."""
    marks = list(_TOOL.finditer(prompt))[:50]
    if not marks:
        named = _NAMES.search(prompt)
        names = named["names"].split(",") if named else []
        return [{"name": n.strip(), "description": "", "parameters": None} for n in names]
    ends = [m.start() for m in marks[1:]] + [len(prompt)]
    return [_tool(m["name"], prompt[m.end() : e]) for m, e in zip(marks, ends, strict=True)]


def _tool(name: str, text: str) -> Mapping[str, object]:
    described, _, schema = text.partition("Tool Args:")
    try:
        parameters, _ = json.JSONDecoder().raw_decode(schema.strip())
    except (ValueError, RecursionError):
        parameters = None
    known = parameters if isinstance(parameters, dict) else None
    return {"name": name.strip(), "description": described[:2_000], "parameters": known}
