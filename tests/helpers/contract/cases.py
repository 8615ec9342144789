"""The rows of the contract, all parts together."""

from __future__ import annotations

from collections.abc import Sequence

from tests.helpers.contract.cases_answers import ROWS as ANSWERS
from tests.helpers.contract.cases_engine_errors import ROWS as ENGINE_ERRORS
from tests.helpers.contract.cases_engines import ROWS as ENGINES
from tests.helpers.contract.cases_failures import ROWS as FAILURES
from tests.helpers.contract.cases_metadata import ROWS as NOTES
from tests.helpers.contract.cases_objects import ROWS as OBJECTS
from tests.helpers.contract.registry import Behaviour

BEHAVIOURS: Sequence[Behaviour] = [
    *ANSWERS,
    *ENGINES,
    *NOTES,
    *ENGINE_ERRORS,
    *FAILURES,
    *OBJECTS,
]
