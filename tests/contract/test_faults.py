"""Every fault of the sandbox: a typed error or the right answer, in time, without leaks.

The core in both worlds, every adapter, whole and streamed; and the core's other operations.
"""

import warnings
from collections.abc import Iterator

import pytest

from llmaas_sandbox.faults import FAULTS
from tests.helpers.contract.driver import drivers
from tests.helpers.faults import operations
from tests.helpers.faults.cases import CASES
from tests.helpers.faults.operations import OPERATIONS
from tests.helpers.faults.runner import open_groups, run, warm

AT_ONCE = 4

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # frameworks' own, when they are imported first
    OURS = [driver for driver in drivers() if driver.ours]


@pytest.fixture(scope="module")
def chat_groups() -> Iterator:
    with open_groups(OURS, AT_ONCE) as groups:
        warm(groups)
        yield groups


ELSEWHERE = {
    "batch-failed",  # tests/core/test_bulk.py
    *("mild", "template", "window"),  # how strict a model is: tests/sandbox/test_families.py
    # engines: tests/sandbox/test_engines.py
    *("engine", "finish-on-last", "tool-name-first", "tool-whole", "cut-call-closed"),
    *("named-stop", "calls-missing", "usage-on-request", "error-code-int"),
    *("unauthorized-string", "error-after-role"),
    "no-backend",  # tests/sandbox/test_profile.py
    *("reasoning-stop", "json-in-reasoning", "constrained", "cache", "slow-models"),
    *("latency", "first-token", "pace"),  # tests/sandbox/test_chance.py
}
"""Faults with tests of their own: they change what a model answers, not how it arrives."""


@pytest.fixture(scope="module")
def operation_groups() -> Iterator:
    with open_groups(OPERATIONS, AT_ONCE) as groups:
        yield [[operations.with_expected_result(column) for column in group] for group in groups]


def batches(cases):
    groups = [cases[at : at + AT_ONCE] for at in range(0, len(cases), AT_ONCE)]
    return [pytest.param(group, id=" ".join(case.title for case in group)) for group in groups]


@pytest.mark.filterwarnings("ignore:The `json` method")  # LlamaIndex calls pydantic's old one
@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
@pytest.mark.parametrize("cases", batches(CASES))
def test_chat(chat_groups, cases):
    assert not surprises(cases, chat_groups)


@pytest.mark.parametrize("cases", batches(operations.CASES))
def test_operations(operation_groups, cases):
    assert not surprises(cases, operation_groups)


def surprises(cases, groups):
    return [
        f"{case.title}, {column.name}: {came} instead of {column.expected(case)}"
        for case, outcomes in zip(cases, run(cases, groups), strict=True)
        for column, came in outcomes.items()
        if came not in column.expected(case).split(" or ")
    ]


def test_every_fault_has_a_case():
    tried = {case.fault.partition(":")[0] for case in CASES}
    assert set(FAULTS) - tried == ELSEWHERE
