"""For each probe, answers of a service and the verdict that each of them must give."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.cli.probe.palette import (
    BARE,
    END,
    GONE,
    OVERFLOW,
    ROLE,
    USAGE,
    USED,
    WORDLESS,
    Answer,
    body,
    call,
    chunk,
    error,
    events,
    html,
    listed,
    parts,
    ranking,
    say,
    stream,
    vectors,
)

YES, NO, UNCLEAR, NOT_SUPPORTED = "confirmed", "contradicted", "unclear", "not supported"
STRICT, OPEN, ONE_CALL = "mistral-small4:119b", "granite4-small-h:32b", "llama3.3:70b"
"""Models whose templates refuse most, nothing, and parallel calls."""


@dataclass(frozen=True)
class Example:
    """Answers to the calls of a probe, the verdict, and the model if it matters."""

    verdict: str
    answers: tuple[Answer, ...]
    model: str = ""


def shown(verdict: str, *answers: Answer, model: str = "") -> Example:
    """Create an example."""
    return Example(verdict, answers, model)


REFUSED_IS_RIGHT = [shown(YES, error()), shown(NO, say())]
ACCEPTED_IS_RIGHT = [shown(YES, say()), shown(NO, error())]
OPTIONAL = [shown(YES, say()), shown(NOT_SUPPORTED, error())]
VECTORS_REFUSED = [shown(YES, error()), shown(NO, vectors())]
REASONED = say(reasoning="Hm.", usage={**USAGE, "reasoning_tokens": 1})
NOW = int(time.time())
ENTRY = {"id": "a", "aliases": ["a", "b"], "max_model_len": 8, "created": NOW}
OLD = {"id": "b", "created": 1_600_000_000}
CODE = '{"code": "QZX-17"}'
LIMITS = {"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "8"}


def against(refusing: str, accepting: str) -> list[Example]:
    """Examples of a template's rule, with a family that has it and one that does not."""
    return [
        shown(YES, error(), model=refusing),
        shown(YES, say(), model=accepting),
        shown(NO, error(), model=accepting),
        shown(NO, say(), model=refusing),
    ]


def limited(**headers: str) -> Answer:
    """A model list with rate-limit headers."""
    return say(headers=headers)


def ended(place: Any) -> Answer:
    """A stream whose event with the finish reason also holds something."""
    return events(ROLE, chunk({"content": "O"}), chunk(place, "stop"), USED)


def switched() -> list[Example]:
    """Examples of a switch of reasoning: an answer without it, and two with it."""
    return [
        shown(UNCLEAR, say(), say(), say()),
        shown(YES, REASONED, say(), say()),
        shown(NO, REASONED, REASONED, REASONED),
        shown(NO, REASONED, say(), REASONED),
        shown(NOT_SUPPORTED, REASONED, error(), error()),
    ]


def counted(**usage: Any) -> Answer:
    """An answer with reasoning and this usage."""
    return say(reasoning="Hm.", usage=usage)


AUDIO = Answer(200, {"content-type": "audio/mpeg"}, b"ID3")
TIMED = Answer(200, {"content-type": "audio/mpeg", "x-tts-duration-ms": "400"}, b"ID3")
WAV = Answer(200, {"content-type": "audio/wav"}, b"RIFF....WAVE")
CREATED = body({"id": "batch-1", "status": "queued"}, 202)

EXAMPLES: dict[str, list[Example]] = {
    "list-time": [shown(YES, listed(ENTRY))],
    "list-entries": [shown(YES, listed(ENTRY)), shown(NO, listed({"id": "a"}))],
    "list-windows": [
        shown(YES, listed(ENTRY, OLD)),
        shown(NO, listed(ENTRY)),
        shown(NO, listed(OLD)),
    ],
    "list-created": [shown(YES, listed(ENTRY)), shown(NO, listed(OLD))],
    "list-names": [shown(YES, listed(ENTRY, OLD)), shown(NO, listed(ENTRY))],
    "list-no-key": [shown(YES, error(401)), shown(YES, error(403)), shown(NO, listed(ENTRY))],
    "model-retrieve": [shown(YES, error(404)), shown(YES, html(405)), shown(NO, body(ENTRY))],
    "alias": [shown(YES, say()), shown(NO, error(404)), shown(NO, error(400))],
    "answer-model": [
        shown(YES, say(model="org/another")),
        shown(NO, say(model=OPEN), model=OPEN),
        shown(UNCLEAR, say(model=None)),
    ],
    "responses-api": [shown(YES, html(404)), shown(NO, body({"output": []})), shown(NO, error())],
    "tls": [shown(NOT_SUPPORTED, listed(ENTRY))],
    "reuse": [
        shown(YES, listed(), listed()),
        shown(NO, Answer(200, {}, b"{}", closes=True), listed()),
    ],
    "reuse-after-stream": [
        shown(YES, stream(), listed()),
        shown(NO, Answer(200, {"content-type": "text/event-stream"}, stream().body, closes=True),
              listed()),
    ],
    "request-id": [shown(YES, say(headers={"x-request-id": "r"})), shown(NO, say())],
    "request-id-error": [shown(YES, error(headers={"x-request-id": "r"})), shown(NO, error())],
    "rate-limit-headers": [
        shown(YES, limited(**LIMITS)),
        shown(NO, limited(**{"x-ratelimit-limit-tokens": "5"})),
        shown(NO, say()),
    ],
    "rate-limit-reset": [
        shown(YES, limited(**{"x-ratelimit-reset-requests": str(NOW + 60)})),
        shown(NO, limited(**{"x-ratelimit-reset-requests": "60"})),
        shown(NO, limited(**{"x-ratelimit-reset-requests": "1m0s"})),
        shown(NOT_SUPPORTED, say()),
    ],
    "rate-limit-on-errors": [shown(YES, error(headers=LIMITS)), shown(NO, error())],
    "response-cache": [
        shown(NO, say(), say()),
        shown(NO, say(), say(id="chatcmpl-1", headers={"x-cache": "hit"})),
        shown(YES, say(), say(id="chatcmpl-1", headers={"x-cache": "miss"})),
        shown(YES, say(), say(id="chatcmpl-1")),
    ],
    "backend": [shown(YES, say(top={"backend": {"engine_type": "engo"}})), shown(NO, say())],
    "unknown-model": [
        shown(YES, error(404, "Model 'x' does not exist", code="model_not_found")),
        shown(YES, error(404, "The model `x` does not exist.", type="NotFoundError", code=404)),
        shown(NO, error(400, "Model not found")),
        shown(NO, error(400, "Bad.")),
        shown(NO, error(422, "Bad.")),
        shown(NO, say()),
    ],
    "unknown-model-code": [
        shown(YES, error(404, code="model_not_found")),
        shown(NO, error(404, code=404)),
        shown(NO, error(400)),
    ],
    "wrong-key": [
        shown(YES, error(401, type="authentication_error")),
        shown(NO, error(401)),
        shown(NO, body({"error": "Unauthorized"}, 401)),
        shown(NO, listed(ENTRY)),
    ],
    "wrong-key-chat": [shown(YES, error(401)), shown(NO, error(404)), shown(NO, error(400))],
    "error-object": [
        shown(YES, error()),
        shown(NO, body({"detail": "No."}, 422)),
        shown(NO, body({"detail": {"error": {"message": "No."}}}, 400)),
        shown(NO, html(400)),
    ],
    "error-code-type": [
        shown(NO, error(code=400)),
        shown(YES, error(code=None)),
        shown(YES, error(code="bad")),
        shown(YES, error()),
    ],
    "bad-parameter": [
        shown(YES, error(param="temperature")),
        shown(NO, error(422, param="temperature")),
        shown(NO, error(param="body.temperature")),
        shown(NO, say()),
    ],
    "bad-parameter-stream": [
        shown(YES, error()),
        shown(NO, events(ROLE, {"error": {"message": "No."}})),
        shown(UNCLEAR, stream()),
    ],
    "wrong-type": [shown(YES, error()), shown(NO, body({"detail": [{"msg": "x"}]}, 422))],
    "broken-json": [shown(YES, error()), shown(NO, error(422)), shown(NO, error(500))],
    "unknown-path": [
        shown(YES, body({"detail": "Not Found"}, 404)),
        shown(NO, html(404)),
        shown(NO, listed(ENTRY)),
    ],
    "unknown-parameter": ACCEPTED_IS_RIGHT,
    "window": [
        shown(YES, OVERFLOW),
        shown(NO, WORDLESS),
        shown(NO, BARE),
        shown(NO, stream()),
    ],
    "window-listed": [
        shown(YES, OVERFLOW),
        shown(NO, error(400, "This model's maximum context length is 4096 tokens.")),
        shown(UNCLEAR, BARE),
        shown(UNCLEAR, stream()),
    ],
    "window-sum": [shown(YES, OVERFLOW), shown(NO, BARE), shown(NO, stream())],
    "window-prompt": [
        shown(YES, OVERFLOW),
        shown(NO, error(413, "maximum context length is 1024 tokens")),
        shown(NO, BARE),
        shown(NO, say()),
    ],
    "max-tokens-default": [
        shown(YES, events(ROLE, chunk({}, "length", usage={"completion_tokens": 1024}))),
        shown(NO, events(ROLE, chunk({}, "length"), USED)),
        shown(NO, events(*[chunk({"content": "1 "})] * 1150)),
        shown(UNCLEAR, stream()),
    ],
    "answer": [shown(YES, say()), shown(YES, say(finish="length")), shown(NO, body({"x": 1}))],
    "answer-id": [shown(YES, say()), shown(NO, say(id="chatcmpl-ollama-1"))],
    "empty-content": [
        shown(YES, say(None, finish="length")),
        shown(YES, say("", finish="length")),
        shown(NO, say("<think>Hm", finish="length")),
    ],
    "content-parts": ACCEPTED_IS_RIGHT,
    "developer-role": ACCEPTED_IS_RIGHT,
    "completions-messages": ACCEPTED_IS_RIGHT,
    "completions-prompt": REFUSED_IS_RIGHT,
    "audio-part": [shown(YES, error()), shown(YES, error(502)), shown(NO, say())],
    "usage": [shown(YES, say()), shown(NO, say(usage=None))],
    "usage-total": [
        shown(YES, say()),
        shown(NO, say(usage={**USAGE, "total_tokens": 20})),
        shown(NO, say(usage={**USAGE, "total_tokens": 16, "reasoning_tokens": 5})),
        shown(UNCLEAR, say(usage=None)),
    ],
    "reasoning-tokens": [
        shown(YES, REASONED),
        shown(NO, say(usage={**USAGE, "completion_tokens_details": {"reasoning_tokens": 1}})),
        shown(NOT_SUPPORTED, say(reasoning_content="Hm.")),
        shown(UNCLEAR, say()),
    ],
    "reasoning-included": [
        shown(YES, REASONED),
        shown(NO, counted(prompt_tokens=9, completion_tokens=2, total_tokens=14,
                          reasoning_tokens=3)),
        shown(NO, counted(prompt_tokens=9, completion_tokens=2, total_tokens=99,
                          reasoning_tokens=3)),
        shown(UNCLEAR, say()),
    ],
    "cached-tokens": [
        shown(YES, say(), say(id="chatcmpl-1")),
        shown(NO, say(), say(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 8}})),
    ],
    "stream": [
        shown(YES, stream()),
        shown(NO, stream(end="\r\n\r\n")),
        shown(NO, stream(prefix=": comment\n")),
        shown(NO, say()),
    ],
    "stream-json": [
        shown(YES, stream()),
        shown(NO, events(ROLE, 'data: {"choices"', "data: :[]}")),
    ],
    "stream-done": [shown(YES, stream()), shown(NO, stream(done=False))],
    "stream-first": [
        shown(YES, stream()),
        shown(NO, events({"choices": []}, ROLE, END)),
        shown(NO, events({"backend": {}}, ROLE, END)),
        shown(NO, events(chunk({"content": "OK"}), END)),
    ],
    "stream-finish": [
        shown(YES, ended({})),
        shown(NO, ended({"content": "K"})),
        shown(NO, ended({"reasoning": "K"})),
        shown(NO, events(ROLE)),
    ],
    "stream-usage": [
        shown(YES, stream()),
        shown(NO, stream(usage=False)),
        shown(NO, error()),
    ],
    "stream-usage-place": [
        shown(YES, stream()),
        shown(NO, events(ROLE, chunk({}, "stop", usage=USAGE))),
        shown(NO, events(*[chunk({"content": "O"}, usage=USAGE)] * 3, END | {"usage": USAGE})),
        shown(UNCLEAR, stream(usage=False)),
    ],
    "stream-usage-unasked": [shown(YES, stream()), shown(NO, stream(usage=False))],
    "stream-options-alone": REFUSED_IS_RIGHT,
    "stream-backend": [
        shown(YES, events(ROLE, END | {"backend": {"engine_type": "engo"}})),
        shown(NO, stream()),
    ],
    "max-tokens": [
        shown(YES, say(finish="length")),
        shown(NO, say(usage={**USAGE, "completion_tokens": 9})),
        shown(UNCLEAR, say(finish="stop", usage={**USAGE, "completion_tokens": 1})),
    ],
    "max-completion-tokens": [
        shown(UNCLEAR, say(usage=None)),
        shown(YES, say(finish="length")),
        shown(NO, say(usage={**USAGE, "completion_tokens": 9})),
        shown(NOT_SUPPORTED, error()),
    ],
    "stop": [
        shown(YES, say("one two ")),
        shown(NO, say("one two three four")),
        shown(NOT_SUPPORTED, error()),
        shown(UNCLEAR, say("one", finish="length")),
    ],
    "stop-many": REFUSED_IS_RIGHT,
    "seed": [
        shown(YES, say("A cat."), say("A cat.", id="chatcmpl-1")),
        shown(NO, say("A cat."), say("A dog.")),
        shown(NOT_SUPPORTED, error(), error()),
        shown(UNCLEAR, say(None), say(None)),
    ],
    "n": [shown(YES, say(choices=2)), shown(NO, say()), shown(NOT_SUPPORTED, error())],
    "logprobs": [
        shown(YES, say(choice={"logprobs": {"content": [{"token": "OK", "logprob": -0.1}]}})),
        shown(NO, say()),
        shown(NOT_SUPPORTED, error()),
    ],
    "logit-bias": OPTIONAL,
    "top-p-zero": REFUSED_IS_RIGHT,
    "penalties": OPTIONAL,
    "user": OPTIONAL,
    "late-system": REFUSED_IS_RIGHT,
    "two-systems": REFUSED_IS_RIGHT,
    "system-only": against(STRICT, OPEN),
    "alternation": against(STRICT, OPEN),
    "assistant-first": against(STRICT, OPEN),
    "assistant-last": against(STRICT, OPEN),
    "long-call-ids": against(STRICT, OPEN),
    "message-name": against(STRICT, OPEN),
    "empty-assistant": REFUSED_IS_RIGHT,
    "tool-round": ACCEPTED_IS_RIGHT,
    "orphan-result": ACCEPTED_IS_RIGHT,
    "broken-arguments": REFUSED_IS_RIGHT,
    "parallel-calls": against(ONE_CALL, OPEN),
    "reasoning-in-history": against(STRICT, OPEN),
    "tool-required": [
        shown(YES, call()),
        shown(UNCLEAR, say('<tool_call>{"na', finish="length")),
        shown(NO, say()),
        shown(NOT_SUPPORTED, error()),
    ],
    "tool-named": [
        shown(YES, call()),
        shown(UNCLEAR, say("<tool_call>", finish="length")),
        shown(NO, call("get_time")),
        shown(NO, say()),
        shown(NOT_SUPPORTED, error()),
    ],
    "tool-named-finish": [
        shown(YES, call()),
        shown(NO, call(finish="stop")),
        shown(UNCLEAR, say()),
    ],
    "tool-none": [shown(YES, say()), shown(NO, call())],
    "tool-arguments": [
        shown(YES, call()),
        shown(NO, call(arguments={"city": "Paris"})),
        shown(NO, call(arguments='{"ci')),
        shown(NO, call(arguments="true")),
        shown(UNCLEAR, say()),
    ],
    "tool-ids": [
        shown(YES, call()),
        shown(YES, call(id="a1B2c3D4e")),
        shown(YES, call(id="chatcmpl-tool-0f")),
        shown(YES, call(id="x")),
        shown(NO, call(id=None)),
        shown(UNCLEAR, say()),
    ],
    "tool-content": [
        shown(YES, call()),
        shown(NO, call(content="")),
        shown(NO, call(content="I look.")),
        shown(UNCLEAR, say()),
    ],
    "tool-auto": [
        shown(YES, call()),
        shown(NO, call(finish="stop")),
        shown(UNCLEAR, say()),
        shown(NOT_SUPPORTED, error()),
    ],
    "tool-stream": [
        shown(YES, parts({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}},
                         {"index": 0, "function": {"arguments": "}"}})),
        shown(YES, parts({"index": 0, "id": "c", "function": {"name": "f"}},
                         {"index": 0, "function": {"arguments": "{}"}})),
        shown(NO, parts({"id": "c", "function": {"name": "f", "arguments": "{}"}})),
        shown(NO, parts({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}})),
        shown(NO, parts({"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}})),
        shown(UNCLEAR, stream()),
    ],
    "tool-parallel-off": [
        shown(YES, call()),
        shown(NO, call(count=2)),
        shown(NOT_SUPPORTED, error()),
        shown(UNCLEAR, say()),
    ],
    "tools-empty": REFUSED_IS_RIGHT,
    "tool-choice-alone": REFUSED_IS_RIGHT,
    "json-object": [
        shown(YES, say('{"sea": "blue"}')),
        shown(YES, say('{"sea": "a tag </think>"}')),
        shown(NO, say("The sea is blue.")),
        shown(NO, say('```json\n{"sea": 1}\n```')),
        shown(NOT_SUPPORTED, error()),
        shown(UNCLEAR, say(None, finish="length")),
    ],
    "json-schema": [
        shown(YES, say(CODE)),
        shown(YES, say(None, reasoning=CODE)),
        shown(NO, say('{"sea": "blue"}')),
        shown(NO, say("The sea is blue.")),
        shown(NOT_SUPPORTED, error()),
        shown(UNCLEAR, say("", finish="length")),
    ],
    "json-schema-place": [
        shown(YES, say(CODE)),
        shown(NO, say(None, reasoning=CODE)),
        shown(UNCLEAR, say("The sea is blue.")),
        shown(NOT_SUPPORTED, error()),
    ],
    "json-schema-refs": [
        shown(YES, say(CODE)),
        shown(NO, error()),
        shown(UNCLEAR, say("The sea is blue.")),
    ],
    "json-schema-name": REFUSED_IS_RIGHT,
    "json-schema-name-characters": REFUSED_IS_RIGHT,
    "json-bad-schema": REFUSED_IS_RIGHT,
    "json-and-tools": [
        shown(YES, call()),
        shown(NO, say(CODE)),
        shown(NOT_SUPPORTED, error()),
    ],
    "reasoning-field": [
        shown(YES, say(reasoning="Hm.")),
        shown(YES, say(reasoning_content="Hm.")),
        shown(YES, say(reasoning="Hm.", reasoning_content="Hm.")),
        shown(NO, say("<think>Hm.</think>9.9")),
        shown(NO, say("Hm.</think>9.9")),
        shown(NOT_SUPPORTED, say("9.9")),
        shown(UNCLEAR, say("9", finish="length")),
    ],
    "reasoning-off": [
        shown(YES, say()),
        shown(YES, say("9.9 </think> is larger",
                       usage={**USAGE, "completion_tokens_details": {"reasoning_tokens": 0}})),
        shown(NO, say("<think>Hm.</think>9.9")),
        shown(NO, REASONED),
        shown(NOT_SUPPORTED, error()),
    ],
    "reasoning-off-top": switched(),
    "reasoning-off-effort": switched(),
    "reasoning-off-template": switched(),
    "reasoning-template-switch": ACCEPTED_IS_RIGHT,
    "reasoning-top-switch": ACCEPTED_IS_RIGHT,
    "reasoning-effort": OPTIONAL,
    "reasoning-prefix": [shown(YES, say()), shown(NO, REASONED)],
    "reasoning-stop": [
        shown(YES, REASONED),
        shown(NO, say(None, reasoning="Hm.")),
        shown(UNCLEAR, say(None, reasoning="Hm.", finish="length")),
    ],
    "embed": [
        shown(YES, vectors()),
        shown(NO, vectors(as_base64=True)),
        shown(NO, vectors(start=1)),
        shown(NO, vectors(1)),
    ],
    "embed-unit": [shown(YES, vectors()), shown(NO, vectors(scale=2.0))],
    "embed-base64": [
        shown(YES, vectors(), vectors(as_base64=True)),
        shown(NO, vectors(), vectors()),
        shown(NO, vectors(), vectors(as_base64=True, scale=0.4)),
        shown(NOT_SUPPORTED, vectors(), error()),
    ],
    "embed-dimensions": [
        shown(YES, vectors(size=32)),
        shown(NO, vectors(size=64)),
        shown(NOT_SUPPORTED, error()),
    ],
    "embed-tokens": VECTORS_REFUSED,
    "embed-empty": VECTORS_REFUSED,
    "embed-empty-list": VECTORS_REFUSED,
    "embed-long": [shown(YES, OVERFLOW), shown(YES, BARE), shown(NO, vectors(1))],
    "embed-many": [
        shown(YES, vectors(2048, 1)),
        shown(NO, error(413)),
        shown(NO, vectors(512, 1)),
    ],
    "embed-usage": [shown(YES, vectors()), shown(NO, vectors(usage=None))],
    "rerank": [
        shown(YES, ranking(2, 1, 0)),
        shown(NO, ranking(0, 1, 2)),
        shown(NO, ranking(1)),
    ],
    "rerank-v2": [shown(YES, ranking(2, 1, 0)), shown(NO, error()), shown(NO, html(404))],
    "rerank-scores": [shown(YES, ranking(4, -3)), shown(NO, ranking(0.9, 0.1))],
    "rerank-top-n": [
        shown(YES, ranking(1)),
        shown(NO, ranking(3, 2, 1)),
        shown(NOT_SUPPORTED, error()),
    ],
    "rerank-documents": [
        shown(YES, ranking(1, documents="absent")),
        shown(NO, ranking(1)),
        shown(NO, ranking(1, documents="text")),
        shown(NOT_SUPPORTED, error()),
    ],
    "rerank-objects": [shown(YES, error(422)), shown(NO, ranking(2, 1))],
    "rerank-usage": [
        shown(YES, ranking(1)),
        shown(NO, ranking(1, usage={"billed_units": {"search_units": 1}})),
    ],
    "rerank-empty": [shown(YES, error()), shown(NO, ranking())],
    "rerank-long": [shown(YES, error()), shown(NO, ranking(1))],
    "rerank-many": [
        shown(YES, ranking(*[1] * 1000)),
        shown(NO, error(413)),
        shown(NO, ranking(1)),
    ],
    "batch": [
        shown(YES, CREATED, body({"id": "batch-1", "status": "in_progress"})),
        shown(NO, say(), error(404)),
        shown(NO, html(404), html(404)),
        shown(NO, error(), html(404)),
    ],
    "batch-results": [
        shown(YES, body({"status": "completed", "results": [{"choices": [{"index": 0}]}]})),
        shown(NO, body({"status": "completed", "results": []})),
        shown(UNCLEAR, body({"status": "failed"})),
        shown(NO, error(404)),
        shown(UNCLEAR, body({"status": "in_progress"})),
        shown(NO, body({"status": "over"})),
    ],
    "batch-unknown": [
        shown(YES, error(404)),
        shown(NO, error(403)),
        shown(NO, body({"status": "queued"})),
    ],
    "batch-files": [shown(YES, html(404)), shown(NO, body({"data": []}))],
    "retry-after": [
        shown(NO, error(429, headers={"retry-after": "2"}), listed(ENTRY)),
        shown(YES, error(429), listed(ENTRY)),
        shown(UNCLEAR, error(503, headers={"retry-after": "2"}), listed(ENTRY)),
    ],
    "retry-after-busy": [
        shown(NO, error(503, headers={"retry-after": "Mon, 30 Nov 2026 10:00:00 GMT"}),
              listed(ENTRY)),
        shown(YES, error(503), listed(ENTRY)),
        shown(UNCLEAR, error(429, headers={"retry-after": "2"}), listed(ENTRY)),
    ],
    "transcribe": [
        shown(YES, body({"text": "x", "segments": [{"id": 0}]})),
        shown(NO, body({"text": "x"})),
        shown(NO, body({})),
    ],
    "transcribe-text": [
        shown(YES, error()),
        shown(YES, body({"text": "x"})),
        shown(NO, Answer(200, {"content-type": "text/plain"}, b"x")),
    ],
    "transcribe-bad-file": [
        shown(YES, error(422)),
        shown(NO, error(500)),
        shown(NO, body({"text": ""})),
    ],
    "speak": [shown(YES, TIMED), shown(NO, AUDIO), shown(NO, body({}))],
    "speak-wav": [shown(YES, WAV), shown(NO, AUDIO), shown(NOT_SUPPORTED, error())],
    "image": [
        shown(YES, body({"data": [{"b64_json": "iVBO"}]})),
        shown(NO, body({"data": [{"url": "https://images.example/1"}]})),
        shown(UNCLEAR, body({"data": []})),
    ],
}  # fmt: skip

ANY = {
    "no answer": GONE,
    "server error": error(500),
    "busy": error(503),
    "forbidden": error(403),
    "missing": html(404),
    "teapot": error(418),
    "page": Answer(200, {"content-type": "text/html"}, b"<html>Log in</html>"),
    "half an answer": Answer(200, {"content-length": "99999"}, json.dumps({"a": 1}).encode(),
                             closes=True),
}  # fmt: skip
"""Answers that decide nothing, except for probes that expect them."""
