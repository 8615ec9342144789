"""Differences between the sandbox and a real vLLM are all explained."""

from __future__ import annotations

import pytest

from tools.engine_differences import (
    all_differences,
    explained,
    explanations,
    find_pattern,
    spelled_out,
)

Found = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def found() -> Found:
    return all_differences()


def test_engines_differences_are_all_explained(found: Found) -> None:
    unexplained = [
        f"{dialect or 'default'}: {difference} ({names[0]})"
        for dialect, differences in found.items()
        for difference, names in differences.items()
        if not find_pattern(difference)
    ]
    assert unexplained == []


def test_engines_explanations_all_still_occur(found: Found) -> None:
    seen = {difference for differences in found.values() for difference in differences}
    assert set(explained()) - seen == set()


def test_engines_explanations_name_each_difference_once() -> None:
    named = [difference for entry in explanations() for difference in spelled_out(entry)]
    assert sorted(named) == sorted(set(named))
    assert not [difference for difference in named if "*" in difference]
