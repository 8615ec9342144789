"""Table of families: their models, and the rules of their templates and engines.

Sources: the chat templates that llama.cpp ships (llama-cpp-python 0.3.36, folder
``vendor/llama.cpp/models/templates``; each family names its file), mistral-common 1.13
(``protocol/instruct/validator.py``, the tokenizer of vLLM's Mistral mode) and answers of
vLLM 0.32. A family that is served in a newer version than its template takes the nearest
one, the strictest where two differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from llmaas_sandbox.families import rules
from llmaas_sandbox.families.rules import Rule

_ALTERNATE = (
    "After the optional system message, conversation roles must alternate "
    "user/assistant/user/assistant/..."
)
_PAIRS_ONLY = "Can only get item pairs from a mapping."
_NAME = (
    "Function name was {name} but must be a-z, A-Z, 0-9, "
    "or contain underscores and dashes, with a maximum length of 64."
)
_CHANNEL = (
    "You have passed a message containing <|channel|> tags in the content field. Instead of "
    "doing this, you should pass analysis messages (the string between '<|message|>' and "
    "'<|end|>') in the 'thinking' field, and final messages (the string between '<|message|>' "
    "and '<|end|>') in the 'content' field."
)


@dataclass(frozen=True, slots=True)
class Family:
    """One family: ``models`` matches the end of a model's name, ``rules`` apply in order."""

    name: str
    models: str
    source: str
    rules: tuple[Rule, ...] = ()
    short_ids: bool = False
    """Calls of its models have ids of nine letters and digits."""


FAMILIES: tuple[Family, ...] = (
    Family(
        "mistral",
        r"(devstral|magistral|mistral|mixtral|ministral|codestral)",
        "Mistral-Small-3.2-24B-Instruct-2506.jinja, "
        "mistralai-Ministral-3-14B-Reasoning-2512.jinja, mistral-common",
        (
            rules.system_only_first(
                "Only user, assistant and tool roles are supported, got system."
            ),
            rules.only_roles(
                ("system", "user", "assistant", "tool"),
                "Only user, assistant and tool roles are supported, got {role}.",
            ),
            rules.alternates(_ALTERNATE, rules.is_turn),
            rules.nine_character_ids("Tool call IDs should be alphanumeric strings with length 9!"),
            rules.assistant_says_something(
                "Assistant message must have a string or a list of chunks in content or a list "
                "of tool calls."
            ),
            rules.arguments_are_json,
            rules.names_in_history(_NAME),
            rules.roles_in_order,
            rules.calls_and_results_pair,
            rules.assistant_not_last(
                "Expected last role User or Tool (or Assistant with prefix) "
                "for serving but got assistant"
            ),
        ),
        short_ids=True,
    ),
    Family(
        "qwen3.5",
        r"(qwen3\.[5-9]|qwen[4-9])",
        "Qwen3.5-4B.jinja",
        (
            rules.has_user("No user query found in messages."),
            rules.system_only_first("System message must be at the beginning."),
            rules.only_roles(("system", "user", "assistant", "tool"), "Unexpected message role."),
            rules.arguments_are_objects(_PAIRS_ONLY),
        ),
    ),
    Family(
        "qwen-coder",
        r"(qwen3?-coder|qwen3-next)",
        "Qwen3-Coder.jinja",
        (rules.arguments_are_objects(_PAIRS_ONLY),),
    ),
    Family("qwen", r"(qwen|qwq)", "Qwen-Qwen3-0.6B.jinja", (rules.arguments_are_json,)),
    Family(
        "gpt-oss",
        r"gpt-oss",
        "openai-gpt-oss-120b.jinja",
        (
            rules.no_channel_tags(_CHANNEL),
            rules.arguments_are_json,
            rules.result_after_call(
                "Message has tool role, but there was no previous assistant message "
                "with a tool call!"
            ),
        ),
    ),
    Family(
        "llama",
        r"(llama[-_]?[34]|cogito)",
        "meta-llama-Llama-3.3-70B-Instruct.jinja",
        (
            rules.arguments_are_json,
            rules.one_call_a_message("This model only supports single tool-calls at once!"),
        ),
    ),
    Family(
        "gemma2",
        r"(gemma-?2|medgemma)",
        "google-gemma-2-2b-it.jinja",
        (
            rules.system_never("System role not supported"),
            rules.alternates(
                "Conversation roles must alternate user/assistant/user/assistant/...",
                lambda message: True,
            ),
        ),
    ),
    Family("gemma", r"gemma", "google-gemma-4-31B-it.jinja", (rules.arguments_are_json,)),
    Family("granite", r"granite", "ibm-granite-granite-4.1.jinja", (rules.arguments_are_json,)),
    Family(
        "nemotron",
        r"nemotron",
        "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16.jinja",
        (rules.arguments_are_objects(_PAIRS_ONLY),),
    ),
    Family(
        "glm",
        r"glm",
        "GLM-4.6.jinja",
        (rules.arguments_are_objects("Invalid tool call arguments passed: {arguments}"),),
    ),
    Family(
        "deepseek",
        r"deep(seek|coder)",
        "deepseek-ai-DeepSeek-V3.1.jinja",
        (rules.arguments_are_json,),
    ),
    Family("phi", r"(phi|mediphi)", "microsoft-Phi-3.5-mini-instruct.jinja"),
)

BY_NAME = {family.name: family for family in FAMILIES}


@cache
def get_family(model: str) -> Family | None:
    """Return the first family that matches a model id, or None."""
    name = model.rsplit("/", 1)[-1].lower()
    return next((f for f in FAMILIES if re.match(f.models, name)), None)
