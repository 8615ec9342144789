"""Every adapter keeps the contract, whole and streamed."""

import warnings

import pytest

from behaviours import BEHAVIOURS
from contract import Bench, drivers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # frameworks' own, when they are imported first
    OURS = [driver for driver in drivers() if driver.ours]

CASES = [
    pytest.param(
        driver,
        behaviour,
        stream,
        id=f"{driver.name}-{behaviour.says}-{'streamed' if stream else 'whole'}",
    )
    for driver in OURS
    for behaviour in BEHAVIOURS
    for stream in behaviour.modes
    if behaviour.says not in driver.lacks
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("driver", "behaviour", "stream"), CASES)
async def test_contract(sandbox, driver, behaviour, stream):
    await behaviour.check(Bench(driver, sandbox, stream))
