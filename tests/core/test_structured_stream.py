"""Fences and words around streamed JSON are removed, however the text is cut."""

import pytest

from llmaas.structured import JSONFilter

FENCED = '```json\n{"a": "`x` \\n```", "b": [1, {"c": "}"}]}\n```\n'
JSON = '{"a": "`x` \\n```", "b": [1, {"c": "}"}]}'
SIZES = pytest.mark.parametrize("size", [1, 2, 3, 7, 100])


def through(text, size=1000, **end):
    stripper = JSONFilter()
    pieces = (text[i : i + size] for i in range(0, len(text), size))
    return "".join(map(stripper.feed, pieces)) + stripper.end(**end)


@SIZES
@pytest.mark.parametrize(
    "text",
    [
        JSON,
        FENCED,
        f"  {JSON}\n",
        f"\ufeff{JSON}",
        f"Voici [1] le résultat :\n{JSON}\nBonne journée {{nom}} !",
        f"{JSON}\nBonne journée !",
        FENCED + "Voilà ! ``` ",
        f"Voici :\n{FENCED}",
    ],
)
def test_filter_leaves_the_json_when_cut_anywhere(text, size):
    assert through(text, size) == JSON


@SIZES
@pytest.mark.parametrize("text", ["Voici : `x`", "", "``", "```", "``not a fence", "[1, 2", "12"])
def test_filter_passes_text_without_json(text, size):
    assert through(text, size) == text


def test_filter_emits_an_object_as_it_arrives():
    stripper = JSONFilter()
    assert [stripper.feed(piece) for piece in ("```json\n", '{"a', '": [1', "]", "} fin")] == [
        "",
        '{"a',
        '": [1',
        "]",
        "}",
    ]


def test_filter_takes_no_part_of_an_answer_when_it_was_cut():
    text = 'First {"a": 1}, then {"a": 12'
    assert through(text, cut=True) == text
