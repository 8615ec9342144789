"""Three shapes of reasoning, alone, at once and cut (reference 3.6)."""

from __future__ import annotations

import pytest

from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder
from tests.helpers.sse import answer, chunk, decode, joined, sse, text


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_field(field: str) -> None:
    got = answer(chunk({field: "Je "}), chunk({field: "pense"}), *text("Oui"))
    assert (got.reasoning, got.text) == ("Je pense", "Oui")
    assert got.choices[0].reasoning_field == field


def test_reasoning_and_text_in_one_delta_keep_both() -> None:
    events, _ = decode(sse(chunk({"reasoning_content": "hm", "content": "Bon"}), *text("jour")))
    assert [e.type for e in events] == ["reasoning", "text", "text", "done"]
    assert joined(events, "text") == "Bonjour"


def test_reasoning_between_tags_names_the_content_and_none_names_nothing() -> None:
    assert answer(*text("<think>b</think>", "texte")).choices[0].reasoning_field == "content"
    assert answer(*text("texte")).choices[0].reasoning_field is None


def test_reasoning_in_two_fields_is_emitted_once() -> None:
    got = answer(chunk({"reasoning_content": "hm", "reasoning": "hm"}), *text("ok"))
    assert got.reasoning == "hm"


def test_field_and_inline_reasoning_at_once_are_both_kept() -> None:
    got = answer(chunk({"reasoning": "a "}), *text("<think>b</think>", "texte"))
    assert (got.reasoning, got.text) == ("a b", "texte")


@pytest.mark.parametrize("cut", range(1, 26))
def test_inline_think_cut_anywhere(cut: int) -> None:
    whole = "<think>a < b</think>\n\nRéponse"
    events, _ = decode(sse(*text(whole[:cut], whole[cut:])))
    assert joined(events, "reasoning") == "a < b"
    assert joined(events, "text") == "Réponse"


def test_think_tag_in_mid_answer_is_text() -> None:
    got = answer(*text("La balise <think> ouvre, ", "dit-on."))
    assert (got.text, got.reasoning) == ("La balise <think> ouvre, dit-on.", None)


def test_unclosed_think_is_all_reasoning() -> None:
    got = answer(chunk({"content": "<think>longue pen"}), chunk({"content": "sée"}, "length"))
    assert (got.reasoning, got.text) == ("longue pensée", "")
    assert "max_tokens" in (got.empty_reason or "")


def test_lone_think_close_moves_what_was_before() -> None:
    got = answer(*text("je pense", " encore</th", "ink>\nOui", "."))
    assert (got.reasoning, got.text) == ("je pense encore", "Oui.")


def test_lone_think_close_is_held_back_where_it_is_expected() -> None:
    events, _ = decode(sse(*text("je ", "pense</think>", "Oui")), hold=100)
    assert joined(events, "reasoning") == "je pense"
    assert joined(events, "text") == "Oui"


def test_held_text_is_released_when_it_was_an_answer() -> None:
    events, _ = decode(sse(*text("Oui", " c'est", " cela")), hold=100)
    assert joined(events, "text") == "Oui c'est cela"
    assert joined(events, "reasoning") == ""


def test_held_text_is_released_beyond_the_bound() -> None:
    _, reader = decode(b"")
    first, _ = decode([sse(*text("abc", "def", "ghi"), done=False)[:-1]], hold=4)
    assert joined(first, "text") == "abcdefghi"
    assert reader.fault is not None


def test_half_a_tag_at_the_end_is_text() -> None:
    assert answer(*text("a </thi")).text == "a </thi"
    assert answer(*text("  <thi")).text == "  <thi"


def test_content_as_parts_and_objects() -> None:
    got = answer(
        chunk({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "A"}]}),
        chunk({"content": {"content": "B"}}),
        chunk({}, "stop"),
    )
    assert (got.reasoning, got.text) == ("hm", "AB")


def test_whole_body_has_the_same_shapes() -> None:
    message = {"role": "assistant", "content": "<think>a</think>b", "reasoning_content": "c"}
    body = {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    import json

    events, _ = decode(json.dumps(body).encode())
    assert events[-1].type == "done"
    got = events[-1].completion  # type: ignore[union-attr]
    assert (got.reasoning, got.text) == ("ca", "b")


def test_a_quoted_tag_is_text_where_the_model_never_reasons() -> None:
    reader = ChatDecoder(Context(requested_model="m", may_lack_opening_tag=False))
    events = [*reader.feed(sse(*text("La balise </th", "ink> ferme."))), *reader.end()]
    assert joined(events, "text") == "La balise </think> ferme."
    assert joined(events, "reasoning") == ""


QUOTED = [
    "A chat template closes reasoning with </think> and goes on.",
    "Use `</think>` to close it.",
    "The tag '</think>' ends it.",
    'It ends with "</think>", not with a slash.',
    "A tag (</think>) may stand alone.",
    "Do\n```\nthought\n</think>\n```\nin a template.",
    "Write <think>, your thought, then </think>\n\nand the answer.",
    "- </think> closes\n- <think> opens",
    "1. </think> closes",
    "The last tag is </think>",
    "<b>See</b> <code></think></code>",
    "Il faut fermer par </think>, puis répondre.",
    "A [/THINK] or </thinking> in a sentence.",
]
CLOSED = [
    ("hm", "Oui"),
    ("hm\n", "\n\nOui"),
    ("So it is. ", " Oui"),
    ("I think ", "\nOui"),
    ("a < b\n", "\nOui"),
    ("Okay!\n\n", "\n\n```py\nx\n```"),
    ("It writes </think> in a sentence.\n", "\nOui"),
]


@pytest.mark.parametrize("hold", [0, 2000])
@pytest.mark.parametrize("said", QUOTED)
def test_closing_tag_stays_in_the_text_when_quoted(said: str, hold: int) -> None:
    for cut in range(1, len(said)):
        events, reader = decode(sse(*text(said[:cut], said[cut:])), hold)
        assert joined(events, "text") == said
        assert (reader.partial.text, reader.partial.reasoning) == (said, None)
    assert answer(*text(*said), hold=hold).text == said


@pytest.mark.parametrize("hold", [0, 2000])
@pytest.mark.parametrize(("before", "after"), CLOSED)
def test_lone_closing_tag_ends_reasoning_wherever_cut(before: str, after: str, hold: int) -> None:
    whole = f"{before}</think>{after}"
    for cut in range(1, len(whole)):
        got = answer(*text(whole[:cut], whole[cut:]), hold=hold)
        assert (got.text, got.reasoning) == (after.lstrip(), before), cut
    assert answer(*text(*whole), hold=hold).reasoning == before


def test_answer_about_tags_is_read_in_linear_time() -> None:
    said = "A tag </think> in a row, " * 4_000
    assert answer(*text(*(said[at : at + 7] for at in range(0, len(said), 7)))).text == said


@pytest.mark.parametrize(
    ("said", "reasoning", "meant"),
    [
        ("<reasoning>hm</reasoning>Oui", "hm", "Oui"),
        ("<|channel>thought\nhm<channel|>Oui", "\nhm", "Oui"),
        ("<|message|>Oui<|end|>", None, "Oui"),
        ("<|channel|>final <|constrain|>json<|message|>{}", None, "{}"),
        (
            "<|channel|>analysis<|message|>hm<|start|>assistant<|channel|>final<|message|>Oui",
            "hm",
            "Oui",
        ),
        (
            "<|channel|>commentary<|message|>Je regarde.<|end|><|start|>assistant<|channel|>final"
            "<|message|>Oui<|return|>",
            None,
            "Je regarde.\n\nOui",
        ),
    ],
)
def test_tokens_of_channels_are_no_text(said: str, reasoning: str | None, meant: str) -> None:
    for cut in range(1, len(said)):
        events, reader = decode(sse(*text(said[:cut], said[cut:])))
        assert (reader.partial.text, reader.partial.reasoning) == (meant, reasoning), cut
        assert joined(events, "text") == meant
    assert answer(*text(*said)).text == meant


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_tags_around_reasoning_of_a_field_are_left_out(field: str) -> None:
    got = answer(
        chunk({field: "<think>"}), chunk({field: "hm"}), chunk({field: "</think>"}), *text("Oui")
    )
    assert (got.reasoning, got.text) == ("hm", "Oui")
    got = answer(chunk({field: "<think>hm</think>"}), *text("Oui"))
    assert (got.reasoning, got.text) == ("hm", "Oui")
