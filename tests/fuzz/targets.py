"""Fuzz targets: every parser of external input, as a function of bytes.

A target returns for whatever it is given, or raises: then a promise is broken. The promise is the
same everywhere: an answer, or an error of ``llmaas`` (for pure readers: ``ValueError``), whatever
the bytes; and where bytes come in portions, the same result however they are cut.
"""

from __future__ import annotations

import io
import json
import math
import pickle
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from llmaas import LLMaaS, catalog
from llmaas._error_factory import build_error
from llmaas.bulk.items import read_items
from llmaas.errors import LLMaaSError
from llmaas.structured import JSONFilter, extract_json
from llmaas.types import Done
from llmaas.usage_log import report
from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder
from llmaas.wire.failures import StatusFailure
from llmaas.wire.reasoning_splitter import ReasoningSplitter
from llmaas.wire.retry import next_delay, retry_after
from llmaas.wire.retry_policy import RetryPolicy
from llmaas.wire.sse import SSEReader
from llmaas.wire.think_tags import HEADERS, PAIRS, STRAYS, TRAILERS
from llmaas.wire.tool_calls import ToolCallAccumulator
from llmaas.wire.usage import parse_backend, parse_rate_limit, parse_usage

NOW = 1_790_000_000.0
MODEL = "gpt-oss:120b"
Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {}
SEEDS: dict[str, list[bytes]] = {}


def target(*seeds: Any) -> Callable[[Target], Target]:
    """Register a target with inputs that are as they should be, to start from."""

    def register(function: Target) -> Target:
        name = function.__name__
        TARGETS[name] = function
        SEEDS[name] = [s if isinstance(s, bytes) else json.dumps(s).encode() for s in seeds]
        return function

    return register


@dataclass
class Canned:
    """A transport that answers the same to everything."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})

    def send(self, _request: Any) -> Canned:
        """Answer."""
        return self

    def read(self) -> bytes:
        """Return the whole body."""
        return self.body

    def chunks(self) -> Iterator[bytes]:
        """Return the body in two portions."""
        half = len(self.body) // 2
        return iter([part for part in (self.body[:half], self.body[half:]) if part])

    def close(self) -> None:
        """Nothing is open."""

    drain = close


class Relay:
    """The transport of the one client: it hands on to whatever is set."""

    reply = Canned()

    def send(self, request: Any) -> Canned:
        """Answer."""
        return self.reply.send(request)


CLIENT = LLMaaS(
    api_key="sk-test-fuzz", base_url="http://127.0.0.1:9", max_retries=0, transport=Relay()
)


def asked(ask: Callable[[LLMaaS], Any], reply: Canned) -> Any:
    """Return what a client makes of a reply; None for a typed error, which must be whole."""
    Relay.reply = reply
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ask(CLIENT)
        except LLMaaSError as error:
            check(error)
            return None


def check(error: Exception) -> None:
    """Fail for an error that says nothing, or does not survive pickling."""
    assert str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def texts_of(data: bytes, count: int) -> list[str]:
    """Cut bytes into texts that a header may hold."""
    parts = data.decode("latin-1").replace("\r", "").replace("\0", "").split("\n")
    return [*parts, *[""] * count][:count]


def cut(data: bytes) -> tuple[bytes, bytes]:
    """Cut bytes at a place that their first byte names."""
    at = data[0] % (len(data) + 1) if data else 0
    return data[:at], data[at:]


@target(b"7\n\n", b"\n1500\n", b"Wed, 25 Nov 2026 07:00:00 GMT\n\n1790000060", b"1m30s\n250ms\n-1")
def waits(data: bytes) -> None:
    """``Retry-After`` and its kin: None, or seconds that can be waited for."""
    names = ("retry-after", "retry-after-ms", "x-ratelimit-reset-requests")
    headers = dict(zip(names, texts_of(data, 3), strict=True))
    failure = StatusFailure(429, headers, b"")
    seconds = retry_after(failure, now=NOW)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
    wait = next_delay(RetryPolicy(), 0, failure, now=NOW, jitter=0.5)
    assert wait is None or 0 <= wait.seconds <= 70


@target(b"100\n99\n1790000060", b"1e3\nnan\ninf")
def rate_limits(data: bytes) -> None:
    """``X-RateLimit-*``."""
    names = ("limit", "remaining", "reset")
    values = zip(names, texts_of(data, 3), strict=True)
    limit = parse_rate_limit({f"x-ratelimit-{n}-requests": v for n, v in values})
    assert limit is not None


@target(
    b"data: a\n\n",
    b"\xef\xbb\xbf: hi\r\ndata: a\r\ndata: b\r\n\r\nid: 3\n\n",
    b"data:a\rdata:b\r\r",
)
def sse(data: bytes) -> None:
    """Events, however they are cut."""
    whole, split = SSEReader(), SSEReader()
    events = whole.feed(data) + whole.close()
    first, second = cut(data)
    assert split.feed(first) + split.feed(second) + split.close() == events


CHUNK = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": "<think>a"}}]}
CALL = {"tool_calls": [{"index": 0, "id": "i", "function": {"name": "f", "arguments": "{}"}}]}
LAST = {"choices": [{"index": 0, "delta": CALL, "finish_reason": "stop"}], "usage": {"total": 1}}
STREAM = b"".join(b"data: %s\n\n" % json.dumps(c).encode() for c in (CHUNK, LAST)) + b"data: [DONE]"
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "reasoning_tokens": 1}
BACKEND = {"engine_type": "engo", "machine_name": "ma01"}
MESSAGE = {"role": "assistant", "content": '{"a": 1}', "reasoning": "hm", **CALL}
ANSWER = {"id": "c", "choices": [{"message": MESSAGE, "finish_reason": "stop"}], "usage": USAGE}
FAILED = {"error": {"message": "no", "type": "t", "code": "c", "param": "p"}, "backend": BACKEND}


@target(STREAM, b"data: " + json.dumps(FAILED).encode(), ANSWER)
def stream(data: bytes) -> None:
    """A chat answer's bytes: a whole answer or a fault, the same however they are cut."""
    whole, split = _decoder(), _decoder()
    events = whole.feed(data) + ([] if whole.over else whole.end())
    first, second = cut(data)
    others = split.feed(first)
    others += [] if split.over else split.feed(second)
    others += [] if split.over else split.end()
    assert whole.over
    assert (bool(events) and isinstance(events[-1], Done)) != (whole.fault is not None)
    assert repr(others) == repr(events)  # NaN is not equal to itself
    assert type(split.fault) is type(whole.fault)
    assert whole.partial.cost_micro_eur is None or whole.partial.cost_micro_eur >= 0


def _decoder() -> ChatDecoder:
    return ChatDecoder(Context(requested_model=MODEL, seed="s"))


@target(b"3<think>a</think>b", b"1a</think>b", b"9<think>a</think>\n\n<think>b")
def think(data: bytes) -> None:
    """Reasoning tags: no character is lost or invented but the tags and white space between."""
    text = data[1:].decode("utf-8", "replace")
    splitter = ReasoningSplitter(data[0] if data else 0)
    step = 1 + (data[0] % 7 if data else 0)
    pieces: list[tuple[bool, str]] = []
    for at in range(0, len(text), step):
        portion = text[at : at + step]
        passed = splitter.passes(portion)
        pieces += [(False, portion)] if passed else splitter.feed(portion)
    kept = "".join(piece for _, piece in [*pieces, *splitter.finish()])
    assert _bare(kept) == _bare(text)


def _bare(text: str) -> str:
    """Take tags out until none is left: what one leaves may be another, in any order the same."""
    bare = "".join(text.split())
    while (less := _TAG.sub("", bare)) != bare:
        bare = less
    return bare


_TAG = re.compile("|".join(map(re.escape, (*HEADERS, *PAIRS, *PAIRS.values(), *STRAYS, *TRAILERS))))


@target([CALL["tool_calls"][0]], [{"function": {"name": "f", "arguments": {"a": 1}}}, {"id": "x"}])
def tool_calls(data: bytes) -> None:
    """Pieces of calls: each call has a name, an id and JSON text for arguments, stably."""
    pieces = _json(data)
    calls, again = (_assembled(pieces) for _ in range(2))
    assert calls == again
    assert all(c.id and isinstance(c.name, str) and isinstance(c.arguments, str) for c in calls)


def _assembled(pieces: Any) -> tuple[Any, ...]:
    assembler = ToolCallAccumulator(0, "seed")
    events: list[Any] = []
    for piece in pieces if isinstance(pieces, list) else [pieces]:
        if isinstance(piece, dict):
            assembler.feed(piece, events)
    assembler.finish(events, complete=True, reason="stop", exhausted=False)
    return assembler.calls()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


@target(USAGE, {**USAGE, "completion_tokens_details": {"reasoning_tokens": 1}}, BACKEND)
def usage(data: bytes) -> None:
    """Usage and backend objects: counts are whole numbers that are not negative."""
    raw = _json(data)
    parse_backend(raw)
    told = parse_usage(raw)
    if told is not None:
        counts = (told.prompt_tokens, told.completion_tokens, told.total_tokens)
        assert all(isinstance(n, int) and n >= 0 for n in counts)


@target(FAILED, {"detail": [{"loc": ["body"], "msg": "bad"}]}, b"<html><title>502</title>", b"no")
def error_bodies(data: bytes) -> None:
    """Any body under any status makes an error that can be read, pickled and told apart."""
    status = (400, 401, 403, 404, 413, 422, 429, 500, 503)[data[0] % 9 if data else 0]
    error = build_error(StatusFailure(status, {}, data), model=MODEL, secrets=("sk-test-fuzz",))
    assert str(error)
    assert pickle.loads(pickle.dumps(error)).status_code == status
    asked(lambda client: client.models(), Canned(data, status))


VECTORS = {"data": [{"index": 1, "embedding": [0.5, 1]}, {"index": 0, "embedding": "AACAPw=="}]}


@target(VECTORS, {**VECTORS, "usage": USAGE, "model": "m"})
def embeddings(data: bytes) -> None:
    """One vector a text, floats or base64; or an error."""
    for numpy in (False, True):
        found = asked(_embed_as_numpy if numpy else _embed, Canned(data))
        if found is not None:
            assert len(found.vectors) == 2
            assert all(len(vector) for vector in found.vectors)


def _embed(client: LLMaaS, *, numpy: bool = False) -> Any:
    return client.embed(["a", "b"], model="bge-m3:567m", isolate_errors=False, numpy=numpy)


_embed_as_numpy = partial(_embed, numpy=True)

RANKED = {"results": [{"index": 0, "relevance_score": -1.5}, {"index": 1, "score": 2}]}
OLD = {"results": [{"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}]}


@target(RANKED, {**OLD, "meta": {"billed_units": {"search_units": 1}}}, {**RANKED, "usage": USAGE})
def rankings(data: bytes) -> None:
    """Documents by falling score; or an error."""
    documents = ["a", "b"]
    found = asked(lambda c: c.rerank("q", documents, model="qwen3-reranker:4b"), Canned(data))
    if found is not None:
        scores = [result.relevance_score for result in found.results]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= result.index < 2 for result in found.results)


@target({"text": "Bonjour.", "language": "fr", "segments": [{"id": 0, "start": 0.0}]})
def transcriptions(data: bytes) -> None:
    """A text; or an error."""
    found = asked(lambda client: client.transcribe(io.BytesIO(b"RIFF0000WAVE")), Canned(data))
    assert found is None or isinstance(found.text, str)


@target({"data": [{"b64_json": "AAAA"}, {"url": "https://x.example/a.png"}]})
def images(data: bytes) -> None:
    """Images; or an error."""
    asked(lambda client: client.generate_images("a cat", model="z-image:16b"), Canned(data))


LOT = {
    "id": "b",
    "status": "completed",
    "request_counts": {"total": 1},
    "results": [ANSWER, FAILED],
}


@target(LOT, {"id": "b", "status": "queued", "model_requested": "m"})
def batches(data: bytes) -> None:
    """A batch and its results; or an error."""
    asked(lambda client: client.get_batch("b"), Canned(data))


LISTED = {"id": "a", "aliases": ["b"], "max_model_len": 8192, "owned_by": "x", "root": "a"}


@target({"data": [LISTED, {"id": "gpt-oss:120b", "aliases": None}]})
def live_models(data: bytes) -> None:
    """The live list, and the catalog under it; or an error."""
    listed = asked(lambda client: client.models(), Canned(data))
    if listed is not None:
        try:
            catalog.update(listed)
            assert all(catalog.resolve(model.id).model for model in listed)
            catalog.max_output_default("gpt-oss:120b")
        finally:
            catalog.reset()


@target(b'```json\n{"a": 1}\n```', b'so: {"a": [1]} fin', b'{"a": 1}', b"[1, 2")
def json_repair(data: bytes) -> None:
    """JSON among words or in a fence: a value, or ``ValueError``; and in pieces as whole."""
    text = data.decode("utf-8", "replace")
    try:
        extract_json(text)
    except ValueError as error:
        check(error)
    for step in (1, 3, 1000):
        stripper = JSONFilter()
        out = [stripper.feed(text[at : at + step]) for at in range(0, len(text), step)]
        out.append(stripper.end())
        if step == 1:
            first = "".join(out)
        assert "".join(out).rstrip("` \n\r\t") == first.rstrip("` \n\r\t")


@target(ANSWER, STREAM, FAILED)
def structured(data: bytes) -> None:
    """A structured answer, corrected once; or an error that holds the text."""
    shape = {"type": "json_object"}
    asked(lambda c: c.chat("?", model=MODEL, response_format=shape), Canned(data))


PROMPT = {"id": 1, "prompt": "a", "params": {"seed": 1}}
BATCHED = {"custom_id": "c", "body": {"messages": [{"role": "user", "content": "?"}], "seed": 1}}


@target("one", PROMPT, BATCHED, [{"role": "user", "content": "?"}])
def prompts(data: bytes) -> None:
    """Lines of prompts: each is an item, with a problem if it is invalid."""
    with _file(data) as path:
        for item in read_items(path, "system"):
            assert item.problem or item.messages


RECORD = {"at": "2026-11-25T07:00:00", "model": "m", "ok": True, "cost_micro_eur": 5, "tag": "t"}


@target(b"%s\n" % json.dumps({**RECORD, "prompt_tokens": 3, "energy_kwh": 0.1}).encode())
def usage_logs(data: bytes) -> None:
    """Records of calls: sums, or ``ValueError`` with the line."""
    with _file(data + b"\n") as path:
        for by in ("model", "day", "tag"):
            try:
                rows = report(path, by)
            except ValueError as error:
                check(error)
            else:
                assert all(math.isfinite(row.cost_micro_eur) for row in rows)


@contextmanager
def _file(data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.jsonl"
        path.write_bytes(data)
        yield path
