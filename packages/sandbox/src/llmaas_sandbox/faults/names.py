"""Faults and response variants by name; the README prints this table."""

from __future__ import annotations

from collections.abc import Mapping

FAULTS: Mapping[str, str] = {
    # how reasoning is written
    "reasoning_content": "reasoning in `reasoning_content`, beside the content (the default)",
    "reasoning": "reasoning in `reasoning`, beside the content",
    "reasoning-only": "reasoning in `reasoning`, content empty, unless `enable_thinking` is false",
    "reasoning-both": "the same reasoning in `reasoning` and in `reasoning_content`",
    "think": "reasoning inside the content, between `<think>` and `</think>`",
    "lone-think-close": "reasoning inside the content, closed by `</think>` but never opened",
    "no-reasoning": "no reasoning at all, whatever the model",
    # where usage is written
    "usage-last": "usage in a last chunk without choices, with `backend` (the default)",
    "usage-finish": "usage in the chunk that carries the finish reason",
    "usage-every": "running usage in every chunk",
    "usage-none": "no usage anywhere",
    "usage-toplevel-reasoning": "`usage.reasoning_tokens` (the default)",
    "usage-nested-reasoning": "`usage.completion_tokens_details.reasoning_tokens`",
    "choiceless-backend": "a first chunk without `choices`, carrying only `backend`",
    "no-backend": "no `backend` anywhere",
    # how tool calls are written
    "text-and-tool": "text and a tool call in one delta (and in one message)",
    "tool-no-index": "tool deltas without `index` and `id`, each call in one chunk",
    "tool-repeat-id": "`id` and `name` repeated on every fragment of a call",
    "tool-same-index": "every call on index 0, told apart by `id` only",
    "tool-object-args": "`arguments` as an object instead of JSON text",
    "tool-empty-args": "`arguments` as an empty string",
    # other shapes
    "ollama-native": "chunks `{message, done}` instead of choices",
    "fenced-json": "a JSON answer inside a Markdown fence",
    "bad-json": "the first JSON answer of a conversation is cut short, the next is valid",
    "reasoning-stop": "reasoning and nothing else, finish reason `stop`, at the default effort",
    "json-in-reasoning": "a JSON answer in `reasoning`, content null",
    "constrained": "a `response_format` that suppresses the tools beside it",
    "cache": "whole answers are kept and replayed, header `x-cache: hit` or `miss`",
    "slow-models": "a model list that takes its time [:seconds, 60]",
    "no-response-format": "400 when `response_format` is given",
    # engines, and the pieces of their ways
    "engine": "all ways of an engine [:vllm, llama.cpp or ollama]",
    "finish-on-last": "the finish reason in the chunk of the last text",
    "tool-name-first": "a call begins with id and name alone; `content: null` beside its arguments",
    "tool-whole": "each tool call in one delta",
    "cut-call-closed": "arguments cut by `max_tokens` are closed, without the missing ones",
    "named-stop": 'finish reason `stop` and content `""` for a named `tool_choice`',
    "calls-missing": "finish reason `tool_calls` without calls",
    "usage-on-request": "usage in streams only with `stream_options`",
    "error-code-int": "errors with four keys, an integer `code`, and pydantic's envelope",
    "unauthorized-string": '401 as `{"error": "Unauthorized"}`',
    "error-after-role": "an error event right after the role, then `[DONE]`",
    # how strict the model is
    "mild": "a model that takes any conversation, images, names and sizes",
    "template": "the rules of another family [:name, as in the table of families]",
    "window": "a window of so many tokens [:n]",
    # the stream's framing
    "json-cut": "one JSON text cut across two events [:n, the n-th event]",
    "split-utf8": "network writes that end inside characters",
    "crlf": "lines that end in CR LF",
    "comments": "comment lines, event names, ids and retry fields between the data",
    "no-done": "no `[DONE]` at the end",
    "done-no-finish": "`[DONE]`, but no finish reason before it",
    "early-done": "`[DONE]` half-way, the rest after it",
    "error-event": "an error object in mid-stream, then the end [:after n events, 2]",
    # the connection
    "cut": "the connection ends early [:n events, or nb bytes, default 3][:fin|rst]",
    "stall": "silence in mid-answer [:seconds, 30][:after n events, 2]",
    "trickle": "a few bytes at a time [:bytes, 7][:milliseconds, 2]",
    "truncated-json": "the last JSON text is cut short, the answer ends properly",
    "truncated-200": "half a body; the connection closes before its promised length",
    "bad-chunk": "an invalid chunk size in the chunked encoding",
    "gzip": "a gzip-compressed answer",
    "slow-headers": "nothing at all for a while [:seconds, 1]",
    "latency": "time before the answer begins [:seconds, 1][:jitter, 0 to 1]",
    "first-token": "time between headers and first event [:seconds, 1][:jitter, 0 to 1]",
    "pace": "events per second of a stream [:n, 20][:jitter, 0 to 1]",
    "keepalive-drop": "a good answer, then the connection dies on its next request",
    "empty-200": "status 200 and no body",
    "html-200": "status 200 and an HTML page",
    # batches
    "batch-failed": "the batch created with it ends `failed`, with its first half answered",
    # refusals
    "status": "that status [:code][:7 | 7000ms | date | date+7 | reset | reset+7]",
    "html-error": "an HTML error page [:code, 502]",
    "envelope": "a refusal in one of six shapes [:1..6][:code, 400]",
}

REASONING = frozenset(
    (
        "reasoning_content",
        "reasoning",
        "reasoning-only",
        "reasoning-both",
        "think",
        "lone-think-close",
    )
)

ENGINES: Mapping[str, tuple[str, ...]] = {
    "vllm": (
        *("reasoning", "usage-nested-reasoning", "usage-on-request", "finish-on-last"),
        *("tool-name-first", "cut-call-closed", "named-stop", "error-code-int"),
        "unauthorized-string",
    ),
    "llama.cpp": ("reasoning_content", "usage-on-request"),
    "ollama": ("reasoning", "usage-on-request", "tool-whole"),
}
"""What ``engine:NAME`` stands for, beside the fields and envelopes in ``engines``."""
