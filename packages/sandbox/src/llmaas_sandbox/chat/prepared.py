"""Prepared responses: everything that depends on the request only, encoded once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.chat.answers import Choice
from llmaas_sandbox.chat.request import ChatRequest
from llmaas_sandbox.chat.serialization import ResponseWriter
from llmaas_sandbox.chat.splitting import split_text
from llmaas_sandbox.errors import Json
from llmaas_sandbox.faults.framing import DONE, dumps
from llmaas_sandbox.machines.fleet import Machine
from llmaas_sandbox.usage import Usage

_SURROGATE = re.compile("[\ud800-\udfff]")
_CHOICE = '"choices":[{"index":0,"delta":{%s},"finish_reason":%s}]}\n\n'
_WHOLE = '[{"index":0,"message":{"role":"assistant","content":%s%s},"finish_reason":"%s"}]'
_USAGE = b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"reasoning_tokens":%d}'
_OBJECTS = {True: b"chat.completion.chunk", False: b"chat.completion"}


@dataclass(frozen=True, slots=True)
class PreparedResponse:
    """Encoded response to a request, without its time and machine."""

    model: Model
    fingerprint: bytes
    usage: Usage
    id: str
    is_stream: bool
    parts: tuple[bytes, ...]
    """A stream's events, each from its choices on; or the choices and usage of a whole answer."""

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self.fingerprint) + sum(map(len, self.parts))

    def render_body(self, created: int, machine: Machine) -> bytes:
        """Complete a whole response with its time and machine."""
        return self._head(created) + self.parts[0] + _tail(machine)

    def render_events(self, created: int, machine: Machine) -> list[bytes]:
        """Complete the events of a stream with their time and machine."""
        head = b"data: " + self._head(created)
        events = [head + part for part in self.parts]
        events[-1] += _tail(machine) + b"\n\n"
        return [*events, DONE]

    def _head(self, created: int) -> bytes:
        return b'{"id":"%b","created":%d,"model":%b,"object":"%b",' % (
            self.id.encode(),
            created,
            _name(self.model.root),
            _OBJECTS[self.is_stream],
        )


def _tail(machine: Machine) -> bytes:
    return b',"backend":%b}' % _backend(machine.engine, machine.name)


@lru_cache(maxsize=256)
def _name(root: str) -> bytes:
    return dumps(root)


@lru_cache(maxsize=64)
def _backend(engine: str, machine: str) -> bytes:
    return dumps({"engine_type": engine, "machine_name": machine})


def _choice(choice: Json) -> bytes:
    return b'"choices":[%b]}\n\n' % dumps(choice)


def _in_words(writer: ResponseWriter) -> Choice | None:
    """Return the only answer if it is plain text, which needs no JSON encoder."""
    [answer, *others] = writer.answers
    if others or answer.calls or not answer.content or writer.wants_logprobs(answer):
        return None
    if _SURROGATE.search(answer.reasoning) or _SURROGATE.search(answer.content):
        return None
    return answer


def _choices(writer: ResponseWriter) -> bytes:
    """Encode the choices of a whole response."""
    answer = _in_words(writer)
    if answer is None:
        return dumps(writer.whole_choices())
    thought = f',"{writer.style}":{encode_basestring(answer.reasoning)}' if answer.reasoning else ""
    stated = encode_basestring(answer.content)
    return (_WHOLE % (stated, thought, answer.finish_reason)).encode()


def _events(writer: ResponseWriter) -> list[bytes]:
    """Encode the choices of a stream."""
    answer = _in_words(writer)
    if answer is None:
        return [_choice(choice) for choice in writer.choices()]
    texts = _deltas(writer.style, answer.reasoning) + _deltas("content", answer.content)
    ends = (
        _CHOICE % ('"role":"assistant","content":""', "null"),
        _CHOICE % ('"content":""', f'"{answer.finish_reason}"'),
    )
    return [text.encode() for text in (ends[0], *texts, ends[1])]


def _deltas(name: str, text: str) -> list[str]:
    """Encode the choices that carry a text, word by word."""
    before, after = (_CHOICE % (f'"{name}":\0', "null")).split("\0")
    return [before + encode_basestring(piece) + after for piece in split_text(text)]


def _usage(usage: Usage) -> bytes:
    whole = usage.prompt + usage.completion
    return _USAGE % (usage.prompt, usage.completion, whole, usage.reasoning)


def prepare_response(
    request: ChatRequest, writer: ResponseWriter, usage: Usage
) -> PreparedResponse:
    """Encode the part of a response that depends on the request only."""
    is_stream = bool(request.body.get("stream"))
    if is_stream:
        parts = (*_events(writer), b'"choices":[],"usage":%b' % _usage(usage))
    else:
        parts = (b'"choices":%b,"usage":%b' % (_choices(writer), _usage(usage)),)
    return PreparedResponse(
        request.model, request.fingerprint, usage, writer.base["id"], is_stream, parts
    )
