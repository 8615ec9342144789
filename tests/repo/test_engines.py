"""What differs between the sandbox and a real vLLM is explained, and nothing else is."""

from __future__ import annotations

import pytest

from tools.engine_differences import all_differences, explanations, pattern_of

Found = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def found() -> Found:
    return all_differences()


def test_engines_differences_are_all_explained(found: Found) -> None:
    unexplained = [
        f"{dialect or 'default'}: {difference} ({names[0]})"
        for dialect, differences in found.items()
        for difference, names in differences.items()
        if not pattern_of(difference)
    ]
    assert unexplained == []


def test_engines_explanations_all_still_occur(found: Found) -> None:
    used = {pattern_of(difference) for differences in found.values() for difference in differences}
    assert set(explanations()) - used == set()
