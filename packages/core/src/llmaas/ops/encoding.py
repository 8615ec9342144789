"""Bodies to bytes, with an error that names what JSON has no word for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from llmaas._errors_base import InvalidInputError
from llmaas.wire.conversation.inspection import plain_json
from llmaas.wire.json_codec import dumps, to_bytes

_NO_MESSAGES = b'"messages":[]'


def encode(body: object) -> bytes:
    """Return a body as JSON; raise ``InvalidInputError`` when it cannot be."""
    try:
        return dumps(body)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"the request cannot be written as JSON: {error}") from error


def encode_plain(body: Mapping[str, Any]) -> bytes:
    """Return a body whose messages are a plain conversation (see ``inspect_messages``) as JSON."""
    head, _, tail = encode({**body, "messages": []}).partition(_NO_MESSAGES)
    with suppress(KeyError, TypeError):  # another thread may have changed a message meanwhile
        return b"".join((head, b'"messages":', to_bytes(plain_json(body["messages"])), tail))
    return encode(body)
