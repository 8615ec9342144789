"""Normalization of HTTP/1.1 response heads before a strict parser reads them.

h11 (threads) and llhttp (asyncio) refuse different heads, and both refuse heads that real proxies
send: a content length beside chunks, a repeated length, bare line feeds, 64 KB of trace headers.
Both receive the same normalized head, so that both read the same response.
"""

from __future__ import annotations

import re

HEAD_LIMIT = 1 << 18
"""Maximum bytes of a head, including all headers."""

_CLEAN = re.compile(
    rb"HTTP/1\.[01] [2-5]\d\d [\t -~\x80-\xff]*\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)*\r\n"
)
_FRAMING = re.compile(rb"\n(?:content-length|transfer-encoding) *:", re.IGNORECASE)
_PLAIN_FRAMING = re.compile(
    rb"\n(?:content-length:[ \t]*\d+[ \t]*|transfer-encoding:[ \t]*chunked[ \t]*)\r", re.IGNORECASE
)
_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"(HTTP/1)(?:\.(\d))? +(\d{3})(.*)")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]+")


class HeadTooLarge(ValueError):  # noqa: N818 - the cause of a failure, not a public error
    """The head exceeds ``HEAD_LIMIT``."""


class HeadReader:
    """Incremental reader of a response head."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Process bytes; return the normalized head and the rest, or None if it is incomplete.

        Interim responses (100, 102, 103) are skipped. Bytes that are not HTTP pass through.

        Raises ``HeadTooLarge``.
        """
        if self.held:
            data = self.held + data
        end = data.find(b"\r\n\r\n") + 4
        if 4 <= end <= HEAD_LIMIT and is_strict(head := data[:end]):
            self.held = b""
            return head, data[end:]
        return self._feed_slowly(data)

    def _feed_slowly(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Parse a head that is split, preceded by line ends, or by interim responses (1xx).

        Raises ``HeadTooLarge`` beyond ``HEAD_LIMIT`` bytes.
        """
        while True:
            if data[:4] != b"HTTP":
                data = data.lstrip(b"\r\n")
                if not data.startswith(b"HTTP"[: len(data)] or b"HTTP"):
                    return data, b""
            end = _END.search(data)
            if (len(data) if end is None else end.end()) > HEAD_LIMIT:
                raise HeadTooLarge(f"the response head exceeds {HEAD_LIMIT} bytes")
            if end is None:
                self.held = data
                return None
            head, rest = data[: end.end()], data[end.end() :]
            if not _is_interim(head):
                self.held = b""
                return strict(head), rest
            data = rest


def is_strict(head: bytes) -> bool:
    """Whether every parser accepts the head of a final response as is."""
    if _CLEAN.fullmatch(head) is None:
        return False
    framing = len(_FRAMING.findall(head))
    return not framing or (framing == 1 and _PLAIN_FRAMING.search(head) is not None)


def strict(head: bytes) -> bytes:
    """Normalize a head to a form that every parser accepts."""
    if is_strict(head):
        return head
    first, *lines = _unfolded(head)
    status = _STATUS.match(first)
    if status is None:
        return head
    version, minor, code, reason = status.groups()
    start = b"%s.%s %s %s" % (version, minor or b"1", code, _CONTROL.sub(b" ", reason.strip()))
    headers = [header for header in map(_header, lines) if header is not None]
    return b"\r\n".join([start, *(b"%s: %s" % header for header in _framed(headers)), b"", b""])


def _unfolded(head: bytes) -> list[bytes]:
    """Split a head into lines; join folded lines."""
    lines: list[bytes] = []
    for line in head.strip(b"\r\n").split(b"\n"):
        line = line.rstrip(b"\r")
        if lines and line[:1] in (b" ", b"\t"):
            lines[-1] += b" " + line.strip()
        else:
            lines.append(line)
    return lines


def _header(line: bytes) -> tuple[bytes, bytes] | None:
    name, colon, value = line.partition(b":")
    name = name.strip()
    if not colon or not _NAME.fullmatch(name):
        return None
    return name, _CONTROL.sub(b" ", value).strip()


def _framed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Keep one framing header: chunks take precedence over a length (RFC 9112, 6.3)."""
    codings, lengths, others = [], [], []
    for header in headers:
        name = header[0].lower()
        if name == b"transfer-encoding":
            codings += [coding.strip().lower() for coding in header[1].split(b",")]
        elif name == b"content-length":
            lengths += [length.strip() for length in header[1].split(b",")]
        else:
            others.append(header)
    if codings and codings[-1] == b"chunked":
        return [*others, (b"transfer-encoding", b"chunked")]
    return [*others, *((b"content-length", length) for length in dict.fromkeys(lengths))]


def _is_interim(head: bytes) -> bool:
    status = _STATUS.match(head)
    return status is not None and status[3][:1] == b"1" and status[3] != b"101"
