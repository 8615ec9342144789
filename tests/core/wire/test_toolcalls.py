"""Tool calls with and without index and id (reference 3.4, 3.5)."""

from __future__ import annotations

from tests.helpers.sse import answer, chunk, decode, sse, tool


def calls(*chunks: object) -> list[tuple[str, str, str]]:
    got = answer(*chunks, chunk({}, "tool_calls"))
    return [(call.id, call.name, call.arguments) for call in got.tool_calls]


def test_fragments_with_index_and_id() -> None:
    assert calls(
        tool(index=0, id="a", name="meteo", arguments=""),
        tool(index=0, arguments='{"ville": '),
        tool(index=0, arguments='"Lyon"}'),
    ) == [("a", "meteo", '{"ville": "Lyon"}')]


def test_two_parallel_calls_interleaved() -> None:
    assert calls(
        tool(index=0, id="a", name="f", arguments='{"x":'),
        tool(index=1, id="b", name="g", arguments='{"y":'),
        tool(index=0, arguments="1}"),
        tool(index=1, arguments="2}"),
    ) == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]


def test_two_calls_on_one_index() -> None:
    assert calls(
        tool(index=0, id="a", name="f", arguments='{"x":1}'),
        tool(index=0, id="b", name="f", arguments='{"x":'),
        tool(index=0, arguments="2}"),
    ) == [("a", "f", '{"x":1}'), ("b", "f", '{"x":2}')]


def test_two_calls_on_one_index_without_ids() -> None:
    got = calls(
        tool(index=0, name="f", arguments='{"x":1}'), tool(index=0, name="f", arguments='{"x":2}')
    )
    assert [c[2] for c in got] == ['{"x":1}', '{"x":2}']
    assert len({c[0] for c in got}) == 2


def test_id_and_name_repeated_in_each_delta() -> None:
    assert calls(
        tool(index=0, id="a", name="f", arguments='{"x"'),
        tool(index=0, id="a", name="f", arguments=":1}"),
    ) == [("a", "f", '{"x":1}')]


def test_no_index_but_ids() -> None:
    assert calls(
        tool(id="a", name="f", arguments="{}"), tool(id="b", name="g", arguments="{}")
    ) == [("a", "f", "{}"), ("b", "g", "{}")]


def test_no_index_no_id_gets_a_stable_id() -> None:
    stream = [
        tool(name="f", arguments={"x": 1}),
        tool(name="f", arguments={"x": 2}),
    ]
    first, second = calls(*stream), calls(*stream)
    assert first == second
    assert [c[1:] for c in first] == [("f", '{"x": 1}'), ("f", '{"x": 2}')]
    assert first[0][0] != first[1][0]


def test_no_index_no_id_fragments_with_the_name_repeated() -> None:
    assert [
        c[2] for c in calls(tool(name="f", arguments='{"x"'), tool(name="f", arguments=":1}"))
    ] == ['{"x":1}']


def test_empty_arguments_become_an_object() -> None:
    got = answer(tool(index=0, id="a", name="f", arguments=""), chunk({}, "tool_calls"))
    assert got.tool_calls[0].arguments == "{}"
    assert got.tool_calls[0].parsed() == {}


def test_text_and_call_in_one_delta_keep_both() -> None:
    piece = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    events, _ = decode(
        sse(chunk({"content": "Je cherche.", "tool_calls": [piece]}), chunk({}, "tool_calls"))
    )
    # The closing bracket comes at the end, when the call is known to be whole.
    assert [e.type for e in events] == ["text", "tool_call", "tool_call", "done"]


def test_name_after_arguments_is_emitted_first() -> None:
    events, _ = decode(
        sse(
            tool(index=0, id="a", arguments='{"x":'),
            tool(index=0, name="f", arguments="1}"),
            chunk({}, "tool_calls"),
        )
    )
    pieces = [e for e in events if e.type == "tool_call"]
    assert (pieces[0].name, "".join(p.arguments for p in pieces)) == ("f", '{"x":1}')


def test_legacy_function_call() -> None:
    assert calls(
        chunk({"function_call": {"name": "f", "arguments": '{"x":'}}),
        chunk({"function_call": {"arguments": "1}"}}),
    )[0][1:] == ("f", '{"x":1}')


def test_first_piece_alone_carries_id_and_name() -> None:
    events, _ = decode(
        sse(
            tool(index=0, id="a", name="f", arguments="{"),
            tool(index=0, id="a", name="f", arguments="}"),
            chunk({}, "tool_calls"),
        )
    )
    first, second = (e for e in events if e.type == "tool_call")
    assert (first.id, first.name, second.id, second.name) == ("a", "f", None, None)
