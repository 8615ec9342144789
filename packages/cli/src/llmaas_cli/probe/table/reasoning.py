"""Probes of reasoning: its field, its switch, its effort."""

from typing import Any

from llmaas_cli.probe.calls import chat
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    UNCLEAR,
    Call,
    Learned,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import HOW_TO, TRANSKRYPTOR, VLLM

QUESTION = "Which is larger, 9.9 or 9.11? Answer with the number."
ON, OFF = "{reasoning_on}", "{reasoning_off}"


def _ask(**fields: Any) -> Call:
    return chat(QUESTION, max_tokens=64, temperature=0, **fields)


def _switch(id: str, assumes: str, name: str, **fields: object) -> Probe:  # noqa: A002
    """Build the probe of one switch: reasoning without it, and twice none with it."""
    return Probe(
        f"reasoning-off-{id}", "reasoning", f"{assumes} turns reasoning off.",
        f"{VLLM}; {TRANSKRYPTOR}",
        (_ask(), *(_ask(**fields),) * 2),
        (
            rule(UNCLEAR, "The model did not reason without it either.", first__ok=True,
                 first__reasoned=False),
            rule(CONFIRMED, ok=True, second__reasoned=False, reasoned=False,
                 learns={"reasoning_switch": name}),
            rule(CONTRADICTED, "It has no effect here.", ok=True),
            rule(NOT_SUPPORTED, "Do not send it to this model.", refused=True),
        ), Subject.REASONING, ("first.reasoned", "second.reasoned", "reasoned", "error_message"),
    )  # fmt: skip


PROBES = (
    Probe(
        "reasoning-field", "reasoning", "Reasoning is in `reasoning` or `reasoning_content`.",
        f"three forms on record: {HOW_TO}, {TRANSKRYPTOR}",
        (chat(QUESTION, max_tokens=300, also=ON),),
        (
            rule(CONFIRMED, ok=True, reasoning_field={"reasoning", "reasoning_content", "both"},
                 learns={"reasoning_field": Learned("profile_field")}),
            rule(CONTRADICTED, "Nothing to do: the client separates it from the text.",
                 ok=True, reasoning_field="tags",
                 learns={"reasoning_field": Learned("profile_field")}),
            rule(NOT_SUPPORTED, "The model does not reason.", ok=True, finish_reason="stop",
                 learns={"reasoning_field": "none"}),
            rule(UNCLEAR, "The answer was cut before any reasoning was seen.", ok=True),
        ), Subject.CHAT, ("reasoning_field", "reasoning_tokens", "finish_reason"),
    ),
    Probe(
        "reasoning-off", "reasoning", "The client's switch turns reasoning off.",
        f"{TRANSKRYPTOR}; model cards", (_ask(also=OFF),),
        (
            rule(CONFIRMED, ok=True, reasoned=False),
            rule(CONTRADICTED, "Set max_tokens high enough for reasoning.", ok=True),
            rule(NOT_SUPPORTED, "Do not pass reasoning=False for this model.", refused=True),
        ), Subject.REASONING, ("reasoning_field", "reasoning_tokens", "error_message"),
    ),
    _switch("top", "`enable_thinking: false`", "enable_thinking", enable_thinking=False),
    _switch("effort", "`reasoning_effort: none`", "reasoning_effort", reasoning_effort="none"),
    _switch(
        "template", "`chat_template_kwargs.enable_thinking: false`",
        "chat_template_kwargs.enable_thinking", chat_template_kwargs={"enable_thinking": False},
    ),
    Probe(
        "reasoning-template-switch", "reasoning",
        "`chat_template_kwargs.enable_thinking` is accepted.",
        f"never seen at the service; {VLLM}",
        (chat(max_tokens=1, chat_template_kwargs={"enable_thinking": False}),),
        (
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Do not pass reasoning= for this model.", refused=True),
        ), Subject.CHAT, ("error_message",),
    ),
    Probe(
        "reasoning-top-switch", "reasoning",
        "`enable_thinking` at the top level is accepted, except by Mistral models.",
        f"{TRANSKRYPTOR}; {VLLM} ignores it", (chat(max_tokens=1, enable_thinking=False),),
        (
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Nothing to do: the client sends it to qwen models only.",
                 refused=True),
        ), Subject.CHAT, ("error_message",),
    ),
    Probe(
        "reasoning-effort", "reasoning", "`reasoning_effort: low` is accepted.",
        "the documentation's own translator sends it",
        (chat(max_tokens=1, reasoning_effort="low"),),
        (
            rule(CONFIRMED, ok=True, learns={"reasoning_efforts": ["low"]}),
            rule(NOT_SUPPORTED, "Do not pass reasoning= with an effort.", refused=True),
        ), Subject.REASONING, ("error_message",),
    ),
    Probe(
        "reasoning-prefix", "reasoning", "A prompt that ends in `/no_think` turns reasoning off.",
        "withdrawn from the documentation in September 2026",
        (chat(f"{QUESTION} /no_think", max_tokens=64),),
        (
            rule(CONFIRMED, "Use reasoning=False: it does not change the prompt.",
                 ok=True, reasoned=False),
            rule(CONTRADICTED, "Use reasoning=False.", ok=True),
        ), Subject.REASONER, ("reasoning_field", "reasoning_tokens"),
    ),
    Probe(
        "reasoning-stop", "reasoning",
        "An answer that ends with `stop` after reasoning has a text.",
        "about one call in six of Qwen3.8 has none at its default effort (QwenLM/Qwen3.8 #216)",
        (chat(QUESTION, max_tokens=900),),
        (
            rule(CONFIRMED, ok=True, has_text=True),
            rule(CONTRADICTED, "Lower the effort: reasoning='low', or retry_empty=True.",
                 ok=True, finish_reason="stop"),
            rule(UNCLEAR, "The reasoning used up max_tokens.", ok=True),
        ), Subject.REASONER, ("finish_reason", "content_kind"),
    ),
)  # fmt: skip
