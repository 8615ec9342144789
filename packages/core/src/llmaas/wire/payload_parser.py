"""Parser of event payloads that are not all strict JSON."""

from __future__ import annotations

from llmaas.wire.json_codec import loads, parse, parse_leniently
from llmaas.wire.surrogates import SurrogateJoiner

_MAX_PIECES = 64
"""Maximum events that one JSON object may span; each adds an attempt to parse them all."""
_INVALID = "a chunk is invalid JSON"


class PayloadParser:
    """Parser that joins objects split across events, and characters split across objects."""

    __slots__ = ("_incomplete", "_piece_count", "is_strict", "surrogates")

    def __init__(self) -> None:
        self._incomplete = b""
        self._piece_count = 0
        self.surrogates = SurrogateJoiner()
        """Halves of characters that a later payload completes."""
        self.is_strict = True
        """Whether all payloads so far were strict JSON."""

    @property
    def is_incomplete(self) -> bool:
        """Whether the begin of an object waits for its rest."""
        return bool(self._incomplete)

    def parse(self, text: bytes) -> object:
        """Parse a payload; return None if it is not an object, or not yet a whole one.

        Raises ``ValueError`` if it can no longer become valid.
        """
        if not text.startswith(b"{") and not self._incomplete:
            return None  # keep-alives and greetings of proxies
        try:
            chunk = parse(text)
        except ValueError as error:
            return self._parse_leniently(text, error)
        if self.surrogates and isinstance(chunk, dict):
            chunk = self.surrogates.repair(chunk)
        if self._incomplete:  # the previous piece will never be complete
            raise ValueError(_INVALID)
        return chunk

    def _parse_leniently(self, text: bytes, error: ValueError) -> object:
        self.is_strict = False
        if not self._incomplete:
            try:
                return parse_leniently(text, error, self.surrogates.repair)
            except ValueError:
                pass
        return self._parse_joined(text)

    def _parse_joined(self, text: bytes) -> object:
        self._incomplete += text
        self._piece_count += 1
        try:
            chunk = loads(self._incomplete)
        except ValueError as error:
            if self._piece_count > _MAX_PIECES:
                raise ValueError(_INVALID) from error
            return None
        self._incomplete, self._piece_count = b"", 0
        return chunk
