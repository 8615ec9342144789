"""Answers that were written before: a pure function of the request, but for time and machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from json.encoder import encode_basestring

from llmaas_sandbox.catalogue import Model
from llmaas_sandbox.chat.bodies import Writer
from llmaas_sandbox.errors import Json
from llmaas_sandbox.faults.frames import DONE, dumps
from llmaas_sandbox.gateway.exchange import Exchange, Reply, Used

_SURROGATE = re.compile("[\ud800-\udfff]")
_OBJECTS = {True: b"chat.completion.chunk", False: b"chat.completion"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What every answer to a request has in common; it only lacks its time and its machine."""

    model: Model
    gist: bytes
    used: Used
    id: str
    is_stream: bool
    parts: tuple[bytes, ...]
    """A stream's events, each from its choices on; or the choices and usage of a whole answer."""

    @property
    def size(self) -> int:
        """Bytes that keeping it takes."""
        return len(self.gist) + sum(map(len, self.parts))

    def reply(self, exchange: Exchange) -> Reply:
        """Complete the answer."""
        head = b'{"id":"%b","created":%d,"model":%b,"object":"%b",' % (
            self.id.encode(),
            int(exchange.state.clock.now()),
            dumps(self.model.root),
            _OBJECTS[self.is_stream],
        )
        tail = b',"backend":%b}' % dumps(exchange.backend)
        if not self.is_stream:
            return Reply(media=head + self.parts[0] + tail, used=self.used)
        head = b"data: " + head
        events = [head + part for part in self.parts]
        events[-1] += tail + b"\n\n"
        return Reply(events=[*events, DONE], used=self.used)


def _choice(choice: Json) -> bytes:
    """Write a choice; most hold one piece of text, which needs no encoder for nested values."""
    delta = choice["delta"]
    if len(delta) == 1 and len(choice) == 3 and choice["finish_reason"] is None:
        [(name, text)] = delta.items()
        if isinstance(text, str) and _SURROGATE.search(text) is None:
            return b'{"index":%d,"delta":{"%b":%b},"finish_reason":null}' % (
                choice["index"],
                name.encode(),
                encode_basestring(text).encode(),
            )
    return dumps(choice)


def prepare(exchange: Exchange, writer: Writer, used: Used) -> Prepared:
    """Write what does not change from one answer to the next."""
    assert exchange.model is not None
    is_stream = bool(exchange.body.get("stream"))
    if is_stream:
        choices = [b'"choices":[%b]}\n\n' % _choice(choice) for choice in writer.choices()]
        parts = (*choices, b'"choices":[],"usage":%b' % dumps(writer.usage()))
    else:
        body = writer.body()
        parts = (b'"choices":%b,"usage":%b' % (dumps(body["choices"]), dumps(body["usage"])),)
    return Prepared(exchange.model, exchange.gist, used, writer.base["id"], is_stream, parts)
