"""Rules of a model family: inputs that its chat template refuses or drops."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Rules of a chat template. The defaults are those of a permissive template.

    The values and their sources are data: ``llmaas/data/families.json``.
    """

    id: str = "mild"
    system: str = "first"
    """Place of the system text: ``first`` (a separate message) or ``user`` (at the beginning of the
    first user message)."""
    tools: bool = True
    """Whether calls and results are rendered; otherwise they are written as text."""
    text_beside_calls: bool = True
    """Whether the text of a message with calls is rendered."""
    parallel_calls: bool = True
    """Whether all calls of a message are rendered."""
    alternates: bool = False
    """Whether user and assistant texts must alternate, results and calls aside."""
    short_ids: bool = False
    """Whether call ids must be nine letters or digits."""
    text_parts: bool = True
    """Whether a list of text parts is accepted instead of a string."""
    extra_fields: bool = True
    """Whether messages may have a ``name`` and reasoning; refused by pydantic models that forbid
    extra fields."""
    plain_names: bool = False
    """Whether names of called functions must be letters, digits, underscores and dashes."""
    reserved: str = ""
    """Tag that the template refuses in text of the assistant."""
    needs_user: bool = False
    """Whether there must be a user message."""
    begins_with_user: bool = False
    """Whether the first message after the system message must be the user's."""
    ends_with_input: bool = False
    """Whether the last message must be a user's or a tool's."""


MILD = Family()
