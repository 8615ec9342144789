"""Bodies to bytes, with an error that names what JSON has no word for."""

from __future__ import annotations

from typing import Any

from llmaas.wire.jsonbytes import dumps


def encode(body: Any) -> bytes:
    """Return a body as JSON; raise ``InvalidInputError`` when it cannot be."""
    try:
        return dumps(body)
    except (TypeError, ValueError, RecursionError) as error:
        from llmaas.errors import InvalidInputError

        raise InvalidInputError(f"the request cannot be written as JSON: {error}") from error
