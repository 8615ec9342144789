"""Probes of token usage."""

from llmaas_cli.probe.calls import chat
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    REPORT,
    UNCLEAR,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, CONCEPTS, OVERVIEW

THINK = chat("Which is larger, 9.9 or 9.11?", max_tokens=300, also="{reasoning_on}")

PROBES = (
    Probe(
        "usage", "usage", "An answer has prompt, completion and total tokens.",
        API, (chat(max_tokens=2),),
        (
            rule(CONFIRMED, ok=True, prompt_tokens=lambda n: bool(n),
                 completion_tokens=lambda n: n is not None),
            rule(CONTRADICTED, "Costs are estimated from the text.", ok=True),
        ), shows=("prompt_tokens", "completion_tokens"),
    ),
    Probe(
        "usage-total", "usage", "The total is the sum of prompt and completion tokens.",
        API, (chat(max_tokens=2),),
        (
            rule(CONFIRMED, ok=True, total_is="prompt and completion"),
            rule(CONTRADICTED, REPORT, ok=True, total_is={"other", "and reasoning"}),
            rule(UNCLEAR, "The counts are incomplete.", ok=True),
        ), shows=("total_is",),
    ),
    Probe(
        "reasoning-tokens", "usage", "Reasoning tokens are at the top level of the usage.",
        OVERVIEW, (THINK,),
        (
            rule(CONFIRMED, ok=True, reasoning_tokens_place={"top", "both"}),
            rule(CONTRADICTED, "Nothing to do: the client reads both places.",
                 ok=True, reasoning_tokens_place="details"),
            rule(NOT_SUPPORTED, "Reasoning is not counted separately.",
                 ok=True, reasoned=True),
            rule(UNCLEAR, "The model did not reason.", ok=True),
        ), Subject.REASONER, ("reasoning_tokens_place", "reasoning_tokens"),
    ),
    Probe(
        "reasoning-included", "usage", "Reasoning tokens are part of the completion tokens.",
        f"{CONCEPTS} adds them as a third term", (THINK,),
        (
            rule(CONFIRMED, ok=True, reasoning_tokens=lambda n: bool(n),
                 total_is="prompt and completion", reasoning_fits=True),
            rule(CONTRADICTED, "Nothing to do: the client bills them as a third term.",
                 ok=True, reasoning_tokens=lambda n: bool(n), total_is="and reasoning"),
            rule(CONTRADICTED, REPORT, ok=True, reasoning_tokens=lambda n: bool(n)),
            rule(UNCLEAR, "The answer counts no reasoning.", ok=True),
        ), Subject.REASONER, ("total_is", "reasoning_tokens", "completion_tokens"),
    ),
    Probe(
        "cached-tokens", "usage", "Cached prompt tokens are not reported.",
        "no source shows them", (chat(max_tokens=1),) * 2,
        (
            rule(CONTRADICTED, "See usage.cached_tokens.", ok=True, cached_tokens_shown=True),
            rule(CONFIRMED, ok=True),
        ),
    ),
)  # fmt: skip
