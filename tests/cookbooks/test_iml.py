"""The interpreter of Make's expressions fails where what Make does would be a guess."""

import pytest

from tests.cookbooks.make.iml import ImlError, render
from tests.cookbooks.make.iml_functions import UNDEFINED

SCOPE = {
    "body": {"items": [{"id": "a", "n": 2}, {"id": "b", "n": 1}], "x-y": "z", "none": None},
    "1": {"text": "été"},
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{body.items[1].id}}", "a"),
        ("{{body.`x-y`}}", "z"),
        ("{{1.text}}!", "été!"),
        ("{{body.missing.deeper}}", UNDEFINED),
        ("a{{body.missing}}b", "ab"),
        ("{{if(body.none, 1, 2)}}", 2),
        ("{{ifempty(body.none; 'x')}}", "x"),
        ("{{1 + 2 * 3 = 7 && !false}}", True),
        ("{{'}}' + \"{{\"}}", "}}{{"),
        ("{{map(body.items, 'id')}}", ["a", "b"]),
        ("{{map(body.items, 'id', 'n', '1')}}", ["b"]),
        ("{{map(sort(body.items, 'asc', 'n'), 'id')}}", ["b", "a"]),
        ("{{last(body.items).id}}", "b"),
        ("{{replace('a.b.c', '.', '-')}}", "a-b-c"),
        ("{{replace('aXbX', '/x/gi', '-')}}", "a-b-"),
        ("{{replace('a1b2', '/[a-z](\\d)/g', '$1')}}", "12"),
        ("{{replace('a1b2', '/\\d/', '')}}", "ab2"),
        ("{{round(2.5)}}", 3),
        ("{{length(body.items)}}", 2),
        ({"a": "{{body.missing}}", "b": "{{body.none}}"}, {"b": None}),
        (["{{ignore}}", 1], [1]),
    ],
)
def test_a_template_is_filled_in(template, value):
    assert render(template, SCOPE) == value


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{unknown.name}}", "not known"),
        ("{{escapeHTML(1)}}", "function escapeHTML"),
        ("{{if(1, 2}}", "missing"),
        ("{{1 2}}", "left over"),
        ("{{body", "not closed"),
        ("{{body ? 1}}", "unreadable"),
        ("{{'a' + body.missing}}", "undefined"),
    ],
)
def test_what_is_not_known_is_an_error(template, said):
    with pytest.raises((ImlError, ValueError), match=said):
        render(template, SCOPE)
