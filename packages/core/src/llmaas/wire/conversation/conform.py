"""Normalization of a conversation to the rules of a model family.

Chat templates and engines are strict: they refuse a late system message, a tool result without
its call or two user messages in a row, and some silently drop text. A ``Family`` describes the
rules that differ. Texts of users and tools are never changed. The functions are pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from llmaas.types import Adjustment
from llmaas.wire.conversation.check import is_conformant
from llmaas.wire.conversation.cleaning import (
    clean_messages,
    drop_extra_fields,
    flatten_text_parts,
    remove_reserved,
)
from llmaas.wire.conversation.contents import Message
from llmaas.wire.conversation.family import MILD, Family
from llmaas.wire.conversation.notes import Notes
from llmaas.wire.conversation.results import pair_results
from llmaas.wire.conversation.systems import place_system_text
from llmaas.wire.conversation.toolless import write_calls_as_text
from llmaas.wire.conversation.turns import Turns, complete_ends, split


def conform(
    messages: Sequence[Message], family: Family = MILD, *, sees: bool = True
) -> tuple[Sequence[Message], tuple[Adjustment, ...]]:
    """Normalize a conversation to the rules of a family; return it and the adjustments.

    ``sees`` is whether the model supports images. A valid conversation is returned unchanged. The
    result is idempotent and deterministic, so that prompts can be cached.
    """
    if is_conformant(messages, family):
        return messages, ()
    notes = Notes()
    turns = pair_results(clean_messages(messages, notes), family, notes, sees=sees)
    if not family.tools:
        turns = write_calls_as_text(turns, notes)
    turns = place_system_text(turns, family, notes)
    if family.tools:
        turns = split(turns, family, notes)
    if family.alternates:
        turns = Turns(family, notes).alternate(turns)
    turns = flatten_text_parts(complete_ends(turns, family, notes), family, notes)
    turns = remove_reserved(turns, family, notes)
    return drop_extra_fields(turns, family, notes), notes.adjustments()
