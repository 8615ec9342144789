"""Contract tests of the core and every adapter, in every mode."""

import warnings

import pytest

from tests.helpers.contract import cases as contract
from tests.helpers.contract.driver import Harness, drivers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # frameworks' own, when they are imported first
    OURS = [driver for driver in drivers() if driver.ours]

CASES = [
    pytest.param(driver, case, mode, id=f"{driver.name}-{case.title}-{mode}")
    for driver in OURS
    for case in contract.CASES
    for mode in case.modes(driver)
    if case.title not in driver.unsupported
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("driver", "case", "mode"), CASES)
async def test_contract(sandbox, driver, case, mode):
    await case.check(Harness(driver, sandbox, mode))
