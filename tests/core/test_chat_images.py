"""Images of chats reach models as people see them: every kind of file of the corpus."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import llmaas
from tests.helpers.corpus import IMAGES, contrast, file, rgb

MODEL = "gemma4:31b"


def sent(sandbox: Any, api: Any, source: Any, *, stream: bool = False) -> tuple[str, bytes]:
    """Send a chat with an image; return its media type and bytes on the wire."""
    messages = [{"role": "user", "content": [{"type": "image", "image": source}]}]
    client = api()
    if stream:
        client.events(messages, model=MODEL)
    else:
        client.do("chat", messages, model=MODEL)
    return decoded(sandbox.requests[-1].json["messages"][0]["content"][0])


def decoded(part: Any) -> tuple[str, bytes]:
    head, _, data = part["image_url"]["url"].partition(";base64,")
    return head.removeprefix("data:"), base64.b64decode(data)


@pytest.mark.parametrize("kind", IMAGES)
def test_image_part_shows_what_a_person_sees(kind: str) -> None:
    media_type, data = decoded(llmaas.image_part(IMAGES[kind]()))
    assert contrast(data) > 100
    image = Image.open(io.BytesIO(data))
    assert image.width > image.height
    assert media_type.removeprefix("image/").upper() == image.format
    assert image.format in {"JPEG", "PNG", "GIF", "WEBP", "BMP"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("as_path", [False, True])
def test_image_of_a_message_is_made_plain_when_engines_would_misread_it(
    sandbox: Any, api: Any, tmp_path: Path, as_path: bool, stream: bool
) -> None:
    data = IMAGES["png 16 bit"]()
    path = tmp_path / "scan.png"
    path.write_bytes(data)
    media_type, got = sent(sandbox, api, path if as_path else data, stream=stream)
    assert (media_type, contrast(got) > 150) == ("image/jpeg", True)


@pytest.mark.parametrize("kind", ["png rgb", "jpeg grey", "png palette", "webp", "bmp"])
def test_image_is_sent_as_it_is_when_engines_read_it_well(kind: str) -> None:
    data = IMAGES[kind]()
    assert decoded(llmaas.image_part(data))[1] == data


def test_screenshot_is_sent_as_it_is_when_its_alpha_hides_nothing() -> None:
    data = file(rgb().convert("RGBA"), "PNG")
    assert decoded(llmaas.image_part(data)) == ("image/png", data)


def test_photograph_is_made_smaller_when_it_is_over_2048_pixels() -> None:
    large = file(rgb().resize((4_000, 3_000)), "JPEG")
    assert Image.open(io.BytesIO(decoded(llmaas.image_part(large))[1])).size == (2_048, 1_536)


def test_damaged_image_is_left_to_the_engine() -> None:
    data = b"\x89PNG\r\n\x1a\n and nothing more"
    assert decoded(llmaas.image_part(data)) == ("image/png", data)


def test_scan_of_several_pages_is_refused_with_the_cure() -> None:
    data = file(rgb(), "TIFF", save_all=True, append_images=[rgb()])
    with pytest.raises(llmaas.InvalidInputError, match=r"2 pages.*draw_pages"):
        llmaas.image_part(data)


def test_image_is_sent_as_it_is_when_pillow_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, scan = IMAGES["png 16 bit"](), IMAGES["tiff cmyk"]()
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert decoded(llmaas.image_part(data)) == ("image/png", data)
    with pytest.raises(llmaas.InvalidInputError, match=r"llmaas\[documents\]"):
        llmaas.image_part(scan)
