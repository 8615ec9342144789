"""The core and every adapter keep the contract, in every way they can be asked."""

import warnings

import pytest

from tests.helpers.contract.cases import BEHAVIOURS
from tests.helpers.contract.driver import Bench, drivers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # frameworks' own, when they are imported first
    OURS = [driver for driver in drivers() if driver.ours]

CASES = [
    pytest.param(driver, behaviour, way, id=f"{driver.name}-{behaviour.says}-{way}")
    for driver in OURS
    for behaviour in BEHAVIOURS
    for way in behaviour.ways(driver)
    if behaviour.says not in driver.lacks
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("driver", "behaviour", "way"), CASES)
async def test_contract(sandbox, driver, behaviour, way):
    await behaviour.check(Bench(driver, sandbox, way))
