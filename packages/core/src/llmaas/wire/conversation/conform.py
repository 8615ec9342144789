"""One pass over a conversation, so that every engine takes it and no model misses a text.

Chat templates and engines are strict: they refuse a late system message, a result without its
call or two users in a row, and some drop a text without a word. The rules that differ are those
of a ``Family``. What a user or a tool said is never changed. Pure: nothing is read or kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from llmaas.types import Adjustment
from llmaas.wire.conversation.check import is_right
from llmaas.wire.conversation.cleaning import bare, cleaned, flattened, untagged
from llmaas.wire.conversation.contents import Message
from llmaas.wire.conversation.family import MILD, Family
from llmaas.wire.conversation.notes import Notes
from llmaas.wire.conversation.results import paired
from llmaas.wire.conversation.systems import led
from llmaas.wire.conversation.toolless import told
from llmaas.wire.conversation.turns import Turns, framed, split


def conform(
    messages: Sequence[Message], family: Family = MILD, *, sees: bool = True
) -> tuple[Sequence[Message], tuple[Adjustment, ...]]:
    """Return a conversation that the family takes, and what was changed for it.

    ``sees`` tells whether the model takes images. A conversation that is right is returned as
    it is. Conforming twice changes nothing more, and the same conversation always gives the
    same messages, so that prompts can be cached.
    """
    if is_right(messages, family):
        return messages, ()
    notes = Notes()
    turns = paired(cleaned(messages, notes), family, notes, sees=sees)
    if not family.tools:
        turns = told(turns, notes)
    turns = led(turns, family, notes)
    if family.tools:
        turns = split(turns, family, notes)
    if family.alternates:
        turns = Turns(family, notes).ordered(turns)
    turns = flattened(framed(turns, family, notes), family, notes)
    turns = untagged(turns, family, notes)
    return bare(turns, family, notes), notes.adjustments()
