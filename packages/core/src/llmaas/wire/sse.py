"""Server-sent events: bytes in any portions to the payloads of ``data:`` fields."""

from __future__ import annotations

_BOM = b"\xef\xbb\xbf"


class SSEReader:
    """Collects bytes and gives back whole event payloads.

    A payload is handed out at the blank line that ends its event, as the standard says.
    Bytes are never decoded here, so that a character cut across reads stays whole.
    """

    __slots__ = ("_event", "_started", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._event: list[bytes] = []
        self._started = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take a read of any size; return the payloads that it completed."""
        buffer = self._tail + data if self._tail else data
        if not self._started:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                self._tail = buffer
                return []
            self._started = True
            buffer = buffer.removeprefix(_BOM)
        if b"\r" in buffer:
            buffer, held = _unify_line_ends(buffer)
        else:
            held = b""
        lines = buffer.split(b"\n")
        self._tail = lines.pop() + held
        return self._payloads(lines)

    def close(self) -> list[bytes]:
        """Return what a stream that ended without a last blank line still holds."""
        lines, self._tail = [self._tail.rstrip(b"\r"), b""], b""
        return self._payloads(lines)

    def _payloads(self, lines: list[bytes]) -> list[bytes]:
        payloads = []
        event = self._event
        for line in lines:
            if not line:
                if event:
                    payloads.append(event[0] if len(event) == 1 else b"\n".join(event))
                    event.clear()
            elif line.startswith(b"data:"):
                event.append(line[6:] if line[5:6] == b" " else line[5:])
            # Comments, ids, event names and retry hints carry nothing that a chat answer needs.
        return payloads


def _unify_line_ends(buffer: bytes) -> tuple[bytes, bytes]:
    """Make every line end a line feed; hold a last return back, its feed may be on the way."""
    held = b"\r" if buffer.endswith(b"\r") else b""
    body = buffer[:-1] if held else buffer
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), held
