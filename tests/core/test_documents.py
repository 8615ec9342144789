"""Files of every kind: what a model gets of them is what people see."""

import io
import re
import unicodedata

import numpy as np
import pytest
from PIL import Image

from llmaas.documents import DocumentLimits, audio_suffix, draw_pages, smaller
from llmaas.text import decode, searchable, visible, well_formed
from tests.helpers import corpus


@pytest.mark.parametrize("name", corpus.IMAGES)
def test_an_image_keeps_its_picture_on_one_page(name):
    [page] = draw_pages(corpus.IMAGES[name]())
    image = Image.open(io.BytesIO(page))
    assert (image.mode, image.format in ("JPEG", "PNG")) == ("RGB", True)
    assert image.size == (corpus.WIDTH, corpus.HEIGHT)
    assert corpus.contrast(page) > 100


def test_light_ink_on_nothing_is_seen():
    [page] = draw_pages(corpus.file(corpus.transparent(light=True), "PNG"))
    assert corpus.contrast(page) < -100


def test_white_is_zero_in_deep_gray_is_not_a_negative():
    page = Image.fromarray(corpus.grey(np.uint16, 60_000, 3_000))
    [drawn] = draw_pages(corpus.file(page, "TIFF", tiffinfo={262: 0}))
    assert corpus.contrast(drawn) > 100


def test_pages_of_a_tiff_are_pages():
    data = corpus.file(corpus.rgb(), "TIFF", save_all=True, append_images=[corpus.rgb()] * 2)
    assert len(list(draw_pages(data))) == 3


def test_values_of_a_form_are_drawn():
    [page] = draw_pages(corpus.form())
    assert corpus.ink(page) > 10_000


def test_a_large_image_shrinks():
    data = corpus.file(Image.new("RGB", (5_000, 100), "white"), "JPEG")
    [page] = draw_pages(data)
    assert Image.open(io.BytesIO(page)).size == (2_048, 41)
    assert Image.open(io.BytesIO(smaller(page))).size[0] == 1_433


# --- limits ------------------------------------------------------------------------------


def refusal(data, **limits):
    with pytest.raises(ValueError, match=r".") as refused:
        list(draw_pages(data, DocumentLimits(**limits)))
    return str(refused.value)


def test_too_many_pages_are_refused_before_any_is_drawn():
    assert "3,000 pages, over max_pages=500" in refusal(corpus.blank(3_000))
    assert len(list(draw_pages(corpus.blank(3), DocumentLimits(max_side=9)))) == 3


@pytest.mark.parametrize("side", [9_000, 30_000])
def test_too_many_pixels_are_refused_before_they_are_decoded(side):
    data = corpus.file(Image.new("1", (side, side)), "PNG")
    assert len(data) < 200_000
    assert "over max_pixels" in refusal(data) or "too large" in refusal(data)


def test_formats_that_run_programs_are_not_read():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n%%EOF\n"
    assert "not an image that can be read" in refusal(eps)
    assert "not an image" in refusal(corpus.IMAGES["bmp"](), formats=("PNG",))


@pytest.mark.parametrize(
    "data", [b"", b"Dear", b"%PDF-1.7 broken", b"\x89PNG\r\n\x1a\n", b"\0" * 99]
)
def test_broken_files_are_refused(data):
    assert refusal(data)


def test_a_truncated_image_is_refused():
    assert refusal(corpus.IMAGES["jpeg cmyk"]()[:4_000])


# --- audio -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "head"), [(s, head) for s, heads in corpus.AUDIO.items() for head in heads]
)
def test_audio_is_recognized_by_its_bytes(suffix, head, api, sandbox):
    assert audio_suffix(head + bytes(64)) == suffix
    sandbox.script([{"json": {"text": "a"}}])
    api().do("transcribe", head + bytes(64), model="whisper-1")
    assert f'filename="audio{suffix}"'.encode() in sandbox.requests[-1].body


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xff\xff\xff", b"Dear", b"\xff\xd8\xff\xe0"])
def test_what_is_not_audio_is_not_taken_for_it(data):
    assert audio_suffix(data) is None


def test_segments_without_text_have_an_empty_one(api, sandbox):
    segments = [{"start": 0, "end": 1, "text": None}, {"start": 1, "end": 2, "text": "a"}, {}]
    sandbox.script([{"json": {"text": "a", "segments": segments}}])
    written = api().do("transcribe", b"RIFF\0\0\0\0WAVE", model="whisper-1")
    assert [segment["text"] for segment in written.segments] == ["", "a", ""]


# --- text --------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", corpus.TEXTS)
def test_text_is_decoded_as_what_it_is(encoding):
    text = corpus.TEXTS[encoding] * 5
    assert decode(text.encode(encoding))[0] == text


def test_any_bytes_are_some_text():
    for byte in range(256):
        decode(bytes([byte]))
        decode(bytes([byte]) * 7)
    assert decode(b"")[0] == ""


def test_ligatures_are_found():
    assert searchable("e\ufb03cient \uff21 \ud835") == "efficient A \ufffd"
    assert unicodedata.is_normalized("NFKC", searchable("\ufb01"))


def test_halves_cost_one_character(api, sandbox):
    api().do("embed", ["fine", "formula \ud835 x", "\ud83d\ude00"], model="bge-m3:567m")
    assert sandbox.requests[-1].json["input"] == ["fine", "formula \ufffd x", "\U0001f600"]
    assert not re.search(rb"\\ud835", sandbox.requests[-1].body)
    assert well_formed("\ud83d\ude00 \ude00") == "\U0001f600 \ufffd"


def test_control_characters_are_shown():
    assert visible("a\tb\r\nc\x1b[0m\x9b\u202e\ud800") == "a\tb\nc\\x1b[0m\\x9b\\u202e\\ud800"
