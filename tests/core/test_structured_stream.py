"""Fences around streamed JSON come off, however the text is cut; anything else passes untouched."""

import pytest

from llmaas.structured import Unfenced

FENCED = '```json\n{"a": "`x` \\n```", "b": [1, 2]}\n```\n'
JSON = '{"a": "`x` \\n```", "b": [1, 2]}'


def through(pieces):
    filter_ = Unfenced()
    return "".join(map(filter_.feed, pieces)) + filter_.end()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_the_fence_comes_off_wherever_the_text_is_cut(size):
    assert through(FENCED[i : i + size] for i in range(0, len(FENCED), size)) == JSON


@pytest.mark.parametrize(
    "text", [JSON, "  " + JSON, "Voici : `x`", "", "``", "```", "``not a fence"]
)
def test_other_text_passes(text):
    assert through(text) == text


def test_words_after_the_fence_are_dropped():
    assert through([FENCED, "Voilà !", " ``` "]) == JSON
