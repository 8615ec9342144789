"""JSON is found in text as models write it, in linear time."""

import contextlib
import time

import pytest

from llmaas.wire.json_text import candidates, extract_json

VALUE = {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        ' \n{"a": 1}\n ',
        '\ufeff{"a": 1}',
        '\u200b{"a": 1}\u200b',
        '{\u200b"a"\u2060:\u00a01}',
        'Bien sûr :\u200b {"a":\ufeff 1}',
        '\x00{"a": 1}\x1b',
        '```json\n{"a": 1}\n```',
        '```\n{"a": 1}',
        'As [1] and [see x] say, {name}: {"a": 1}. [2]',
        '[note: {"a": 1}]',
        'For {"x": [1]} the answer is {"a": 1}',
        '{"a": 1}, not {"a": 2}',
        '{oops} {"broken": } {"a": 1}',
    ],
)
def test_json_is_found_in_text(text):
    assert extract_json(text) == VALUE


def test_strings_keep_control_and_invisible_characters():
    text = '\ufeff{"a": "x\ny\t\u200d\ufeff"}'
    assert extract_json(text) == {"a": "x\ny\t\u200d\ufeff"}


@pytest.mark.parametrize(
    "text",
    ["", "non", "{a: 1}", '{"x": {"a": 1}, "b": 12', '{"x": {"a": 1}, oops}', '[{"a": 1}, {"a"'],
)
def test_no_part_of_a_broken_value_is_taken(text):
    with pytest.raises(ValueError, match="answer"):
        extract_json(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}   \n\n', VALUE),
        ('```json\n{"a": 1}\n``', VALUE),
        ('{"a": 1}', None),
        ("12", None),
        ("12 ", None),
        ('Example {"a": 1}, answer {"a": 12', None),
        ('{"a": 1', None),
    ],
)
def test_cut_answer_is_read_only_when_it_ended_before(text, value):
    if value is None:
        with pytest.raises(ValueError, match="truncated"):
            list(candidates(text, cut=True))
    else:
        assert [found.value for found in candidates(text, cut=True)] == [value]


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "{",
        '{"',
        '{"a":',
        '["\\"',
        "[ x ",
        '[1 x {"a" ',
        "{} ",
        '\u200b"\\"',
        " ",
        "`",
        '{"a":1,',
    ],
)
def test_hostile_text_takes_linear_time(unit):
    def seconds(length):
        text = (unit * length)[:length]
        start = time.process_time()
        with contextlib.suppress(ValueError):
            extract_json(text)
        return time.process_time() - start

    assert min(seconds(400_000) for _ in range(2)) < 2
