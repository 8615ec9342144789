"""At a sandbox, each response variant changes the verdicts that it must, and no other."""

import pytest

from llmaas import catalog
from llmaas_sandbox import Sandbox
from tests.cli.probe.behaviors import CHANGES, expected, run_probes


@pytest.fixture(scope="module")
def box():
    with Sandbox() as running:
        yield running
    catalog.reset()


@pytest.fixture(scope="module")
def default(box):
    return run_probes(box, "")


def test_default_verdicts_are_those_of_the_table(default):
    assert {name: v for name, v in default.items() if v != "confirmed"} == expected("")


@pytest.mark.parametrize("fault", [fault for fault in CHANGES if fault])
def test_variant_changes_only_its_verdicts(box, default, fault):
    box.reset()
    found = run_probes(box, fault)
    assert found.keys() == default.keys()
    assert {name: v for name, v in found.items() if v != default[name]} == expected(fault)
