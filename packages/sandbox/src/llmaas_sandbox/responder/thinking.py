"""Reasoning text of models that reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.responder.conversation import Message, parse_conversation
from llmaas_sandbox.responder.words import STOP_WORDS, is_french, normalize, words

_STEPS = {"low": 1, "minimal": 1, "medium": 2, "high": 3}


def build_reasoning(messages: Sequence[Message], body: Mapping[str, object]) -> str:
    """Build a reasoning text, longer for a higher ``reasoning_effort``."""
    question = parse_conversation(messages).question
    topics = list(dict.fromkeys([w for w in words(question) if normalize(w) not in STOP_WORDS]))[:5]
    subject = ", ".join(topics) or normalize(question[:40]) or "…"
    effort = _STEPS.get(str(body.get("reasoning_effort") or "medium"), 2)
    if is_french(question):
        steps = [
            f"La question porte sur : {subject}.",
            "Je cherche les phrases du contexte qui contiennent ces mots.",
            "Je vérifie que la réponse ne dit rien de plus que le contexte.",
        ]
    else:
        steps = [
            f"The question is about: {subject}.",
            "I look for the sentences of the context that hold these words.",
            "I check that the answer says nothing beyond the context.",
        ]
    return " ".join(steps[:effort])


def always_reasons(model: Model) -> bool:
    """Whether no switch stops a model's reasoning.

    The chat template of gpt-oss reads ``reasoning_effort`` only, and writes any value of it into
    the prompt. https://huggingface.co/openai/gpt-oss-120b/blob/main/chat_template.jinja
    """
    return model.id.startswith("gpt-oss")


def is_reasoning_enabled(body: Mapping[str, object], *, top_level: bool = True) -> bool:
    """Whether the request leaves reasoning on; engines ignore the switch on top."""
    off = top_level and body.get("enable_thinking") is False
    off = off or body.get("reasoning_effort") == "none"
    template = body.get("chat_template_kwargs")
    switches = template if isinstance(template, Mapping) else {}
    # "thinking" is the name of DeepSeek's and Granite's templates
    return not off and all(switches.get(n) is not False for n in ("enable_thinking", "thinking"))
