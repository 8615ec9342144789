"""One pass over a conversation, so that every engine takes it and no model misses a text."""

from llmaas.wire.conversation.conform import conform
from llmaas.wire.conversation.family import MILD, Family
from llmaas.wire.conversation.look import NO_LOOK, Look, look_at, plain_json, takes_plain
from llmaas.wire.conversation.notes import FORMAL

__all__ = [
    "FORMAL",
    "MILD",
    "NO_LOOK",
    "Family",
    "Look",
    "conform",
    "look_at",
    "plain_json",
    "takes_plain",
]
