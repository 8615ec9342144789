"""Verdicts at a sandbox: by default, and the ones that each response variant changes."""

from __future__ import annotations

from typing import Any

from llmaas import LLMaaS, catalog
from llmaas_cli.probe.run import Run, plan
from llmaas_cli.probe.selection import choose
from llmaas_cli.probe.sender import Sender
from llmaas_cli.probe.table.all import PROBES

MODELS = ["mistral-small4:119b", "qwen3.6:27b", "granite-embedding:278m", "qwen3-reranker:4b"]
SLOW = {"embed-many", "rerank-many", "embed-long", "rerank-long", "max-tokens-default"}
SHORT = dict(zip(("mistral", "qwen", "granite", "reranker"), MODELS, strict=True))
"""Models by the names that the table below uses."""
CHANGES: dict[str, dict[str, str]] = {
    "": {
        "contradicted": (
            "list-names, answer-model mistral, rate-limit-on-errors mistral, "
            "response-cache mistral, developer-role mistral, system-only mistral, "
            "message-name mistral, empty-assistant qwen, orphan-result mistral, "
            "reasoning-in-history mistral, reasoning-top-switch mistral, "
            "reasoning-prefix qwen"
        ),
        "not supported": "tls, reasoning-field mistral, embed-dimensions granite",
        "unclear": "retry-after, retry-after-busy",
    },
    "mild": {
        "contradicted": (
            "window mistral, window qwen, window-sum mistral, window-sum qwen, "
            "late-system mistral, late-system qwen, two-systems mistral, two-systems "
            "qwen, system-only qwen, alternation mistral, assistant-first mistral, "
            "assistant-last mistral, long-call-ids mistral, empty-assistant mistral, "
            "broken-arguments mistral, broken-arguments qwen, "
            "json-schema-name-characters mistral"
        ),
        "unclear": "window-listed mistral, window-listed qwen",
        "confirmed": "developer-role mistral, orphan-result mistral, embed-dimensions granite",
    },
    "template:qwen3.5": {
        "confirmed": "system-only mistral, orphan-result mistral",
        "contradicted": (
            "alternation mistral, assistant-first mistral, assistant-last mistral, "
            "long-call-ids mistral, empty-assistant mistral"
        ),
    },
    "window:2048": {
        "contradicted": "window-listed mistral, window-listed qwen",
    },
    "engine:vllm": {
        "contradicted": (
            "list-entries, answer-model qwen, rate-limit-headers mistral, backend "
            "mistral, unknown-model-code, wrong-key, error-code-type mistral, "
            "reasoning-tokens qwen, cached-tokens mistral, stream-finish mistral, "
            "stream-usage-unasked mistral, stream-backend mistral, tool-named-finish "
            "mistral, tool-content mistral, json-schema-name-characters mistral, "
            "reasoning-off-top qwen, rerank-documents reranker"
        ),
        "not supported": "rate-limit-reset mistral",
        "confirmed": "reasoning-field mistral, reasoning-top-switch mistral",
    },
    "engine:llama.cpp": {
        "contradicted": (
            "list-entries, rate-limit-headers mistral, backend mistral, "
            "unknown-model-code, error-code-type mistral, bad-parameter mistral, "
            "stream-usage-unasked mistral, stream-backend mistral, "
            "json-schema-name-characters mistral, reasoning-off-top qwen, "
            "rerank-documents reranker"
        ),
        "not supported": "rate-limit-reset mistral",
        "confirmed": "reasoning-field mistral, reasoning-top-switch mistral",
    },
    "engine:ollama": {
        "contradicted": (
            "list-entries, answer-model qwen, rate-limit-headers mistral, backend "
            "mistral, unknown-model-code, wrong-key, bad-parameter mistral, answer-id "
            "mistral, stream-usage-unasked mistral, stream-backend mistral, "
            "tool-content mistral, tool-stream mistral, json-schema-name-characters "
            "mistral, reasoning-off-top qwen, rerank-documents reranker"
        ),
        "not supported": "rate-limit-reset mistral",
        "confirmed": "reasoning-field mistral, reasoning-top-switch mistral",
    },
    "reasoning_content": {
        "confirmed": "reasoning-field mistral",
    },
    "think": {
        "contradicted": "empty-content qwen, reasoning-field mistral, reasoning-field qwen",
    },
    "no-reasoning": {
        "contradicted": "empty-content qwen",
        "unclear": (
            "reasoning-included qwen, reasoning-off-top qwen, reasoning-off-effort "
            "qwen, reasoning-off-template qwen"
        ),
        "not supported": "reasoning-field qwen",
        "confirmed": "reasoning-prefix qwen",
    },
    "reasoning-only": {
        "unclear": (
            "seed mistral, json-object mistral, json-schema mistral, json-schema-refs mistral"
        ),
        "confirmed": "reasoning-field mistral",
        "contradicted": "reasoning-stop qwen",
    },
    "usage-finish": {
        "contradicted": "stream-usage-place mistral",
    },
    "usage-every": {
        "contradicted": "stream-usage-place mistral",
    },
    "usage-none": {
        "contradicted": (
            "usage mistral, stream-usage mistral, stream-usage-unasked mistral, "
            "stream-backend mistral"
        ),
        "unclear": (
            "usage-total mistral, reasoning-included qwen, stream-usage-place mistral, "
            "max-tokens mistral, max-completion-tokens mistral"
        ),
        "not supported": "reasoning-tokens qwen",
    },
    "usage-nested-reasoning": {
        "contradicted": "reasoning-tokens qwen",
    },
    "usage-on-request": {
        "contradicted": "stream-usage-unasked mistral",
    },
    "finish-on-last": {
        "contradicted": "stream-finish mistral",
    },
    "choiceless-backend": {
        "contradicted": "stream-first mistral",
    },
    "no-done": {
        "contradicted": "stream-done mistral",
    },
    "crlf": {
        "contradicted": "stream mistral",
    },
    "comments": {
        "contradicted": "stream mistral",
    },
    "json-cut:2": {
        "contradicted": "stream-json mistral, tool-stream mistral",
    },
    "tool-no-index": {
        "contradicted": "tool-ids mistral, tool-stream mistral",
    },
    "tool-object-args": {
        "contradicted": "tool-arguments mistral, tool-stream mistral",
    },
    "tool-empty-args": {
        "contradicted": "tool-arguments mistral, tool-stream mistral",
    },
    "tool-whole": {
        "contradicted": "tool-stream mistral",
    },
    "named-stop": {
        "contradicted": "tool-named-finish mistral, tool-content mistral",
    },
    "calls-missing": {
        "contradicted": (
            "tool-required mistral, tool-required qwen, tool-named mistral, tool-named "
            "qwen, json-and-tools mistral"
        ),
        "unclear": (
            "tool-named-finish mistral, tool-arguments mistral, tool-ids mistral, "
            "tool-content mistral, tool-auto mistral, tool-stream mistral, "
            "tool-parallel-off mistral"
        ),
    },
    "no-response-format": {
        "not supported": (
            "json-object mistral, json-object qwen, json-schema mistral, json-schema "
            "qwen, json-schema-place qwen, json-and-tools mistral"
        ),
        "contradicted": "json-schema-refs mistral",
    },
    "fenced-json": {
        "contradicted": (
            "json-object mistral, json-object qwen, json-schema mistral, json-schema qwen"
        ),
        "unclear": "json-schema-refs mistral",
    },
    "json-in-reasoning": {
        "unclear": "json-object mistral, json-object qwen",
        "contradicted": "json-schema-place qwen",
    },
    "constrained": {
        "contradicted": "json-and-tools mistral",
    },
    "reasoning-stop": {
        "contradicted": "reasoning-stop qwen",
    },
    "error-code-int": {
        "contradicted": "unknown-model-code, wrong-key, error-code-type mistral",
    },
    "unauthorized-string": {
        "contradicted": "wrong-key",
    },
}
"""Verdicts by behavior, with the probes and models that have them.

By default (``""``) those that do not confirm; for each response variant those that it changes, and
only those.
"""


def run_probes(box: Any, fault: str) -> dict[str, str]:
    """Run the fast probes at a sandbox; return the verdicts by probe and model."""
    catalog.reset()
    headers = {"x-sandbox-fault": fault} if fault else {}
    with LLMaaS(base_url=box.base_url, api_key=box.api_key, headers=headers) as client:
        models = choose(client.with_options(headers={}).models(), MODELS)
        tasks = plan([p for p in PROBES if p.id not in SLOW], models, frozenset())
        run = Run(tasks, models, Sender(client, 5, sleep=lambda seconds: None))
        return {r.name: str(r.verdict) for r in run if r.verdict is not None}


def expected(fault: str) -> dict[str, str]:
    """Return the verdicts of the table by probe and model."""
    found = {}
    for verdict, names in CHANGES[fault].items():
        for name in names.split(", "):
            probe, _, short = name.partition(" ")
            found[f"{probe} {SHORT[short]}" if short else probe] = verdict
    return found
