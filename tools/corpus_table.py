"""Generator of the document table in tests/README.md: files read plainly, and by the core.

    python -m tools.corpus_table

writes it; ``tests/repo`` compares. "Plainly" is the shortest use of the libraries: each frame
of an image as RGB and JPEG, a PDF page drawn without its form, text decoded as UTF-8, audio
recognized by its file name, which these do not have.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2
from PIL import Image

from llmaas.documents import audio_suffix, draw_pages
from llmaas.text import decode, searchable
from tests.helpers import corpus
from tools.tables import markdown, put

_LEAST = 100  # of 255, by which the paper is lighter than the bar
_INK = 10_000  # dark pixels of the form's value
LIGATURES = ("o\ufb03ce", "\ufb01ne", "\uff2c\uff2c\uff2d")


def plain_image(data: bytes) -> list[bytes]:
    """Convert an image's frames in the usual way."""
    image = Image.open(io.BytesIO(data))
    frames = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow advises RGBA for some palettes
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(corpus.file(image.convert("RGB"), "JPEG"))
    return frames


def plain_form(data: bytes) -> list[bytes]:
    """Draw a PDF's pages in the usual way."""
    document: Any = pypdfium2.PdfDocument(data)
    return [corpus.file(page.render(scale=2).to_pil(), "JPEG") for page in document]


def succeeds(check: Callable[[], bool]) -> bool:
    """Return whether a check passes; an exception counts as a failure."""
    try:
        return bool(check())
    except Exception:
        return False


def pictures(read: Callable[[bytes], Any], data: bytes) -> bool:
    """Whether one page comes, upright, with its bar."""
    pages = list(read(data))
    size = Image.open(io.BytesIO(pages[0])).size
    return (
        len(pages) == 1
        and size == (corpus.WIDTH, corpus.HEIGHT)
        and corpus.contrast(pages[0]) > _LEAST
    )


def counts() -> Iterator[tuple[str, int, int, int]]:
    """Yield kind, files, read plainly, read by the core."""
    images = [make() for make in corpus.IMAGES.values()]
    yield (
        "images: one upright page with its picture",
        len(images),
        sum(succeeds(lambda d=d: pictures(plain_image, d)) for d in images),  # type: ignore[misc]
        sum(succeeds(lambda d=d: pictures(draw_pages, d)) for d in images),  # type: ignore[misc]
    )
    form = corpus.form()
    yield (
        "PDF forms: the typed value is drawn",
        1,
        int(corpus.ink(plain_form(form)[0]) > _INK),
        int(corpus.ink(next(iter(draw_pages(form)))) > _INK),
    )
    texts = [(text, text.encode(encoding)) for encoding, text in corpus.TEXTS.items()]
    yield (
        "texts: decoded as what they are",
        len(texts),
        sum(data.decode("utf-8", "replace") == text for text, data in texts),
        sum(decode(data)[0] == text for text, data in texts),
    )
    yield (
        "ligatures and full-width letters: found by a search",
        len(LIGATURES),
        sum(text.isascii() for text in LIGATURES),
        sum(searchable(text).isascii() for text in LIGATURES),
    )
    audio = [(suffix, head) for suffix, heads in corpus.AUDIO.items() for head in heads]
    yield (
        "recordings without a name: recognized",
        len(audio),
        0,
        sum(audio_suffix(head) == suffix for suffix, head in audio),
    )


def rendered() -> str:
    """Return the table."""
    head = ["kind and what counts", "files", "read plainly", "read by the core"]
    return markdown(head, [[kind, *map(str, numbers)] for kind, *numbers in counts()])


if __name__ == "__main__":
    put("corpus", "tools/corpus_table.py", rendered())
