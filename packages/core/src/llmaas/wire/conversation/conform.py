"""One pass over a conversation, so that every engine takes it and no model misses a text.

Chat templates and engines are strict: they refuse a late system message, a result without its
call or two users in a row, and some drop a text without a word. The rules that differ are those
of a ``Family``. What a user or a tool said is never changed. Pure: nothing is read or kept.
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
    """Return a conversation that the family takes, and what was changed for it.

    ``sees`` tells whether the model takes images. A conversation that is right is returned as
    it is. Conforming twice changes nothing more, and the same conversation always gives the
    same messages, so that prompts can be cached.
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
        turns = Turns(family, notes).ordered(turns)
    turns = flatten_text_parts(complete_ends(turns, family, notes), family, notes)
    turns = remove_reserved(turns, family, notes)
    return drop_extra_fields(turns, family, notes), notes.adjustments()
