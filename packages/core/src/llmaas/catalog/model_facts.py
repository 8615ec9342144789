"""Measured facts about one model of a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from llmaas.catalog.profile_checks import (
    Check,
    check_fields,
    each_of,
    fact,
    one_of,
    to_count,
    to_counts,
    to_flag,
    to_verdict,
    to_verdicts,
    to_word,
    to_words,
)
from llmaas.catalog.reasoning_switches import SWITCHES
from llmaas.wire.conversation.family import Family

Verdict = Literal["honored", "ignored", "refused"]

REASONING_FIELDS = ("reasoning", "reasoning_content", "content", "none")
"""Fields of an answer that hold reasoning: ``content`` between tags, ``none`` for no reasoning."""
RESPONSE_FORMATS = ("json_object", "json_schema")
TOOL_CHOICES = ("none", "auto", "required", "named")
CATEGORIES = ("chat", "embedding", "rerank", "transcription", "speech", "image")
RULES = tuple(each.name for each in fields(Family) if each.name != "id")
"""Rules of a conversation, as in ``llmaas.wire.conversation.family.Family``."""


def _to_rules(value: Any) -> dict[str, Any]:
    kept: dict[str, Any] = each_of(lambda rule: rule, RULES)(value)
    defaults = Family()
    for name, rule in kept.items():
        check = _RULE_CHECKS.get(name) or _like(getattr(defaults, name))
        try:
            check(rule)
        except ValueError as error:
            raise ValueError(f"[{name!r}]{error}") from None
    return kept


def _like(default: object) -> Check:
    return to_flag if isinstance(default, bool) else to_word


_RULE_CHECKS: Mapping[str, Check] = {"system": one_of("first", "user")}


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """Measured facts about one model; None, or a missing key, means that it was not measured.

    What is known overrides the packaged catalog. Raises ``ValueError`` for an invalid value.
    """

    aliases: tuple[str, ...] = fact(to_words, ())
    """Other names of the model."""
    category: str | None = fact(one_of(*CATEGORIES))
    """What the model is for: ``chat``, ``embedding``, ``rerank``, ..."""
    context_window: int | None = fact(to_count)
    """Tokens of the prompt and the answer together; of one text for an embedding model."""
    max_output_tokens: int | None = fact(to_count)
    """The largest accepted ``max_tokens``, if it is smaller than the context window."""
    default_max_tokens: int | None = fact(to_count)
    """Tokens of an answer when a request has no ``max_tokens``."""
    vision: bool | None = fact(to_flag)
    """Whether images are accepted."""
    tools: bool | None = fact(to_flag)
    """Whether tools are accepted."""
    tool_choices: Mapping[str, Verdict] = fact(each_of(to_verdict, TOOL_CHOICES), dict)
    """Verdict by form of ``tool_choice``: ``none``, ``auto``, ``required``, ``named``."""
    response_formats: Mapping[str, Verdict] = fact(each_of(to_verdict, RESPONSE_FORMATS), dict)
    """Verdict by type of ``response_format``: ``json_object``, ``json_schema``."""
    parameters: Mapping[str, Verdict] = fact(to_verdicts, dict)
    """Verdict by name of another request parameter: ``stop``, ``seed``, ``logprobs``, ..."""
    reasoning_field: str | None = fact(one_of(*REASONING_FIELDS))
    """Field of the answer that holds reasoning."""
    reasoning_switch: str | None = fact(one_of(*SWITCHES))
    """How reasoning is turned off: a key of ``llmaas.catalog.reasoning_switches.SWITCHES``."""
    reasoning_efforts: tuple[str, ...] = fact(to_words, ())
    """Values of ``reasoning_effort`` that were accepted, beside those of the family."""
    conversation_rules: Mapping[str, Any] = fact(_to_rules, dict)
    """Rules of the chat template by name (see ``Family``); they override the family's."""
    embedding_dimensions: int | None = fact(to_count)
    """Size of a vector when a request has no ``dimensions``."""
    accepts_dimensions: bool | None = fact(to_flag)
    """Whether ``dimensions`` is accepted."""
    shorter_dimensions: tuple[int, ...] = fact(to_counts, ())
    """Accepted values of ``dimensions``, where only some are."""
    embedding_batch_limit: int | None = fact(to_count)
    """Texts of one embedding request."""
    accepts_base64: bool | None = fact(to_flag)
    """Whether ``encoding_format: base64`` is honored."""
    accepts_token_arrays: bool | None = fact(to_flag)
    """Whether arrays of token ids are accepted instead of texts."""
    rerank_document_limit: int | None = fact(to_count)
    """Documents of one rerank request."""

    def __post_init__(self) -> None:
        check_fields(self)
