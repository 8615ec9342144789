"""Normalization of conversations to the rules of chat templates and engines."""

from llmaas.wire.conversation.conform import conform
from llmaas.wire.conversation.family import MILD, Family
from llmaas.wire.conversation.inspection import (
    NOT_INSPECTED,
    Inspection,
    accepts_plain,
    inspect_messages,
    plain_json,
)
from llmaas.wire.conversation.notes import FORMAL

__all__ = [
    "FORMAL",
    "MILD",
    "NOT_INSPECTED",
    "Family",
    "Inspection",
    "accepts_plain",
    "conform",
    "inspect_messages",
    "plain_json",
]
