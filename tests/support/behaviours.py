"""The rows of the contract, all parts together."""

from __future__ import annotations

from collections.abc import Sequence

from rows import Behaviour
from rows_answers import ROWS as ANSWERS
from rows_engine_errors import ROWS as ENGINE_ERRORS
from rows_engines import ROWS as ENGINES
from rows_failures import ROWS as FAILURES
from rows_notes import ROWS as NOTES
from rows_objects import ROWS as OBJECTS

BEHAVIOURS: Sequence[Behaviour] = [
    *ANSWERS,
    *ENGINES,
    *NOTES,
    *ENGINE_ERRORS,
    *FAILURES,
    *OBJECTS,
]
