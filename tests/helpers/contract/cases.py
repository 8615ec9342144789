"""All cases of the contract, in the order of its table."""

from __future__ import annotations

from collections.abc import Sequence

from tests.helpers.contract import (
    cases_answers,
    cases_engine_errors,
    cases_engines,
    cases_failures,
    cases_metadata,
    cases_objects,
)
from tests.helpers.contract.registry import Case

CASES: Sequence[Case] = [
    *cases_answers.contract,
    *cases_engines.contract,
    *cases_metadata.contract,
    *cases_engine_errors.contract,
    *cases_failures.contract,
    *cases_objects.contract,
]
