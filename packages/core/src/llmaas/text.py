"""Decoding and sanitizing of untrusted text.

Models, servers and documents may send anything. Terminals execute escape sequences, strict JSON
parsers refuse lone surrogates, and many old files are not UTF-8.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, which begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ACTIVE = re.compile(
    r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    r"\ud800-\udfff]"
)
"""C0 and C1 controls (ESC, BEL, CSI, OSC), bidirectional overrides, line separators and lone
surrogates. Tab, line feed and CR LF are layout."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(data: bytes) -> tuple[str, str]:
    """Decode bytes of unknown encoding; return the text and the name of the encoding.

    A byte order mark decides. Otherwise UTF-8 is tried, then UTF-16 without a mark (every second
    byte is zero), then Windows-1252, the most common encoding of other Western files.
    """
    marked = (encoding for mark, encoding in _BOMS if data.startswith(mark))
    if wide := next(marked, None) or _utf_16(data):
        return data.decode(wide, "replace"), wide
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", "llmaas.latin1"), "cp1252"


def read_text(path: Path) -> str:
    """Read a text file of any encoding; raise ``ValueError`` for binary files."""
    text, encoding = decode(path.read_bytes())
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    if "\0" in text or (is_wide and "\ufffd" in text):
        raise ValueError(f"{path} is not a text file")
    return text


def visible(text: str) -> str:
    r"""Replace control characters by visible escapes such as ``\x1b``."""
    if text.isascii() and text.isprintable():  # nearly always, and ten times as fast
        return text
    return _ACTIVE.sub(_escape, text).replace("\r\n", "\n")


def well_formed(text: str) -> str:
    """Join surrogate pairs to their characters; replace lone surrogates by U+FFFD."""
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def from_argument(text: str) -> str:
    """Decode a command line argument, whatever the encoding of the shell."""
    if not _SURROGATES.search(text):
        return text
    try:
        return decode(text.encode("utf-8", "surrogateescape"))[0]
    except UnicodeEncodeError:
        return well_formed(text)


def searchable(text: str) -> str:
    """Normalize text for search: ligatures and full-width forms become plain letters."""
    return unicodedata.normalize("NFKC", well_formed(text))


def _utf_16(data: bytes) -> str | None:
    """Detect UTF-16 without a byte order mark; return its byte order, or None."""
    head = data[:1_000]
    if len(head) < 4 or len(head) % 2 or b"\0" not in head:
        return None
    zeros = head[0::2].count(0), head[1::2].count(0)
    if max(zeros) < len(head) * 0.3 or min(zeros) > len(head) * 0.05:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    width, letter = (2, "x") if code < 0x100 else (4, "u") if code < 0x10000 else (8, "U")
    return f"\\{letter}{code:0{width}x}"


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    """Decode the five bytes that Windows-1252 does not define as Latin-1."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("llmaas.latin1", _as_latin1)
