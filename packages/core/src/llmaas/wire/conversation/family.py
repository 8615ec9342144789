"""The rules of a model family: what its chat template refuses or loses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Rules by which a conversation is conformed. The defaults are those of a mild template.

    The values and their sources are data: ``llmaas/data/families.json``.
    """

    id: str = "mild"
    system: str = "first"
    """Where the system text goes: ``first`` (a message of its own) or ``user`` (at the head of
    the first user message)."""
    tools: bool = True
    """Whether calls and results are rendered. Otherwise they are written as text."""
    text_beside_calls: bool = True
    """Whether the text of a message with calls is rendered."""
    parallel_calls: bool = True
    """Whether all calls of a message are rendered."""
    alternates: bool = False
    """Whether user and assistant texts must alternate, results and calls aside."""
    short_ids: bool = False
    """Whether call ids must be nine letters or digits."""
    text_parts: bool = True
    """Whether a list of text parts is taken in the place of a string."""
    extra_fields: bool = True
    """Whether messages may have a ``name`` and reasoning; refused by pydantic models that forbid
    extra fields."""
    plain_names: bool = False
    """Whether names of called functions must be letters, digits, underscores and dashes."""
    reserved: str = ""
    """A tag that the template refuses in what the assistant said."""
    needs_user: bool = False
    """Whether there must be a user message."""
    begins_with_user: bool = False
    """Whether the first message after the system message must be the user's."""
    ends_with_input: bool = False
    """Whether the last message must be a user's or a tool's."""


MILD = Family()
