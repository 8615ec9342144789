import gzip
import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.helpers.waiting import eventually

QUESTION = "Où est hébergé le service, été comme hiver ?"


@pytest.fixture
def whole(chat: Any) -> str:
    """What an undisturbed stream says."""
    return str(chat(QUESTION, stream=True).said())


# framing


def test_json_cut_across_two_events(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="json-cut", stream=True)
    halves = [e for e in heard.events if isinstance(e, str) and e != "[DONE]"]
    assert len(halves) == 2
    json.loads("".join(halves))
    assert heard.said() != whole


def test_split_utf8_cuts_inside_characters(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="split-utf8", stream=True)
    assert heard.said() == whole
    bodies = [w.split(b"\r\n")[-2] for w in heard.writes[1:] if w.count(b"\r\n") >= 2]
    assert any(b and b[0] & 0xC0 == 0x80 for b in bodies)


def test_crlf(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="crlf", stream=True)
    assert b"\r\n\r\n" in heard.body
    assert heard.body.count(b"\n") == heard.body.count(b"\r\n")
    assert heard.said() == whole


def test_comments(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="comments", stream=True)
    assert b"\n: keep-alive" in heard.body
    assert b"event: message" in heard.body
    assert heard.said() == whole


def test_no_done(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="no-done", stream=True)
    assert "[DONE]" not in heard.events
    assert (heard.said(), heard.finish_reasons, heard.end) == (whole, ["stop"], "complete")


def test_done_no_finish(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="done-no-finish", stream=True)
    assert heard.events[-1] == "[DONE]"
    assert (heard.said(), heard.finish_reasons) == (whole, [])


def test_early_done(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="early-done", stream=True)
    assert heard.events[-1] != "[DONE]"
    assert heard.events.count("[DONE]") == 1
    assert heard.said() == whole


@pytest.mark.parametrize(("fault", "before"), [("error-event", 2), ("error-event:4", 4)])
def test_error_event(chat: Any, fault: str, before: int) -> None:
    heard = chat(QUESTION, faults=fault, stream=True)
    assert len(heard.events) == before + 1
    assert heard.events[-1]["error"]["type"] == "server_error"
    assert heard.end == "complete"


def test_truncated_json(chat: Any) -> None:
    streamed = chat(QUESTION, faults="truncated-json", stream=True)
    assert isinstance(streamed.events[-1], str)
    assert streamed.end == "complete"
    plain = chat(QUESTION, faults="truncated-json")
    assert (plain.status, plain.end) == (200, "complete")
    with pytest.raises(ValueError, match=r"."):
        json.loads(plain.body)


# connection


@pytest.mark.parametrize(
    ("fault", "end", "events"),
    [("cut", "fin", 3), ("cut:5", "fin", 5), ("cut:2:rst", "rst", 2), ("cut:0:fin", "fin", 0)],
)
def test_cut_after_events(chat: Any, fault: str, end: str, events: int) -> None:
    heard = chat(QUESTION, faults=fault, stream=True)
    assert (heard.end, len(heard.events), heard.status) == (end, events, 200)


@pytest.mark.parametrize("end", ["fin", "rst"])
def test_cut_after_bytes(chat: Any, end: str) -> None:
    streamed = chat(QUESTION, faults=f"cut:100b:{end}", stream=True)
    plain = chat(QUESTION, faults=f"cut:100b:{end}")
    assert (len(streamed.body), streamed.end) == (100, end)
    assert (len(plain.body), plain.end) == (100, end)


def test_truncated_200_promises_more_than_it_sends(chat: Any) -> None:
    heard = chat(QUESTION, faults="truncated-200")
    assert 0 < len(heard.body) < int(heard.headers["content-length"])
    assert heard.end == "fin"


def test_stall_is_silent_for_a_while(chat: Any, whole: str) -> None:
    started = time.monotonic()
    assert chat(QUESTION, faults="stall:0.3", stream=True).said() == whole
    assert time.monotonic() - started >= 0.3
    assert chat(QUESTION, faults="stall:0.1").json["object"] == "chat.completion"


def test_a_client_that_leaves_during_a_stall_is_noticed(
    chat: Any, connect: Any, llmaas_sandbox: Any
) -> None:
    sock = connect()
    sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        chat(QUESTION, faults="stall:30", stream=True, sock=sock)
    sock.close()
    assert the_end_of_the_only_request(llmaas_sandbox).disconnected


def test_a_client_that_leaves_before_its_body_is_no_error_of_ours(
    connect: Any, llmaas_sandbox: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sock = connect()
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: sandbox\r\ncontent-length: 9\r\n\r\n{"
    sock.sendall(head.encode())
    eventually(lambda: list(llmaas_sandbox.requests))
    sock.close()
    record = the_end_of_the_only_request(llmaas_sandbox)
    assert record.disconnected
    assert record.status == 499
    assert not caplog.records


def the_end_of_the_only_request(box: Any) -> Any:
    eventually(lambda: list(box.requests))
    [record] = box.requests
    eventually(lambda: record.finished)
    return record


def test_trickle(chat: Any, whole: str) -> None:
    heard = chat(QUESTION, faults="trickle:20:4", stream=True)
    assert heard.said() == whole
    assert len(heard.writes) > 20


def test_bad_chunk(chat: Any) -> None:
    heard = chat(QUESTION, faults="bad-chunk", stream=True)
    assert heard.headers["transfer-encoding"] == "chunked"
    assert b"zzz" in b"".join(heard.writes)
    assert heard.end == "fin"


def test_gzip(chat: Any) -> None:
    for stream in (False, True):
        heard = chat(QUESTION, faults="gzip", stream=stream)
        assert heard.headers["content-encoding"] == "gzip"
        assert b"chatcmpl-" in gzip.decompress(heard.body)


def test_slow_headers(chat: Any) -> None:
    started = time.monotonic()
    assert chat(QUESTION, faults="slow-headers:0.3").status == 200
    assert time.monotonic() - started >= 0.3


def test_keepalive_drop(chat: Any, connect: Any) -> None:
    sock = connect()
    good = chat(QUESTION, faults="keepalive-drop", sock=sock)
    assert (good.status, good.end) == (200, "complete")
    assert "connection" not in good.headers
    assert chat(QUESTION, sock=sock).end in ("fin", "rst")
    assert chat(QUESTION).status == 200


def test_empty_200(chat: Any) -> None:
    for stream in (False, True):
        heard = chat(QUESTION, faults="empty-200", stream=stream)
        assert (heard.status, heard.body) == (200, b"")


def test_html_200(chat: Any) -> None:
    heard = chat(QUESTION, faults="html-200")
    assert heard.status == 200
    assert heard.headers["content-type"].startswith("text/html")
    assert b"<title>" in heard.body


def test_connection_faults_reach_every_endpoint(ask: Any) -> None:
    body = {"model": "bge-m3:567m", "input": "x"}
    assert ask("/v1/embeddings", body, faults="cut:10b").end == "fin"
    assert ask("/v1/models", faults="html-200").body.startswith(b"<!doctype")


# refusals


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504]
)
def test_status(chat: Any, status: int) -> None:
    heard = chat(QUESTION, faults=f"status:{status}", stream=True)
    assert heard.status == status
    assert heard.json["error"]["message"]


def test_retry_after_forms(chat: Any) -> None:
    assert chat(QUESTION, faults="status:429:7").headers["retry-after"] == "7"
    assert chat(QUESTION, faults="status:429:70ms").headers["retry-after-ms"] == "70"
    date = chat(QUESTION, faults="status:503:date+99").headers["retry-after"]
    assert 80 < parsedate_to_datetime(date).timestamp() - time.time() < 100
    reset = chat(QUESTION, faults="status:429:reset+99").headers["x-ratelimit-reset-requests"]
    assert 80 < int(reset) - time.time() < 100
    assert "retry-after" not in chat(QUESTION, faults="status:429").headers


def test_a_fault_can_be_for_the_first_attempts_only(chat: Any) -> None:
    seen = [chat(QUESTION, faults="status:429*2").status for _ in range(4)]
    assert seen == [429, 429, 200, 200]
    assert chat("Autre question", faults="status:429*2").status == 429


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    "fault",
    [
        *("status:abc", "status:inf", "status:429:date+x", "status:429:reset+nan"),
        *("slow-headers:x", "slow-headers:-1", "trickle:x", "trickle:inf"),
        *("cut:x", "cut:xb", "cut:-1", "stall:x", "stall:nan", "stall:0.1:-9"),
    ],
)
def test_a_number_that_is_none_is_refused(chat: Any, fault: str, stream: bool) -> None:
    answer = chat(QUESTION, faults=fault, stream=stream)
    assert answer.status == 400
    assert "is not a number" in answer.json["error"]["message"]
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_html_error(chat: Any) -> None:
    heard = chat(QUESTION, faults="html-error:504")
    assert heard.status == 504
    assert heard.body.startswith(b"<html>")


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ("1", ("error", "message")),
        ("2", ("detail", "error", "message")),
        ("3", ("detail",)),
        ("4", ("error",)),
        ("5", ("message",)),
        ("6", ("error", "message")),
    ],
)
def test_envelopes(chat: Any, shape: str, path: tuple[str, ...]) -> None:
    heard = chat(QUESTION, faults=f"envelope:{shape}:418")
    assert heard.status == 418
    found = heard.json
    for key in path:
        found = found[key]
    assert isinstance(found, str)


# scripts


def test_a_script_says_what_the_model_says(chat: Any, llmaas_sandbox: Any) -> None:
    llmaas_sandbox.script(
        [
            {"content": "un", "reasoning": "hm", "fault": "reasoning"},
            {"tool_calls": [{"name": "f", "arguments": {"x": 1}, "id": "call_1"}]},
            {"status": 429, "headers": {"Retry-After": "3"}, "json": {"detail": "slow"}},
            {"content": "tronqué", "finish_reason": "length", "usage": {"total_tokens": 3}},
        ]
    )
    first, second, third, fourth, fifth = (chat(QUESTION) for _ in range(5))
    said = first.json["choices"][0]["message"]
    assert (said["content"], said["reasoning"]) == ("un", "hm")
    call = second.json["choices"][0]["message"]["tool_calls"][0]
    assert call == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": '{"x": 1}'},
    }
    assert (third.status, third.headers["retry-after"], third.json) == (
        429,
        "3",
        {"detail": "slow"},
    )
    assert fourth.json["choices"][0]["finish_reason"] == "length"
    assert fourth.json["usage"] == {"total_tokens": 3}
    assert fifth.status == 200
    assert llmaas_sandbox.pending_steps == 0


def test_a_script_can_spell_a_stream_out(chat: Any, llmaas_sandbox: Any) -> None:
    events = [{"choices": []}, b'data: {"a"', b":1}\n\n", ": note\n\n", "[DONE]"]
    llmaas_sandbox.script([{"sse": events}, {"sse": [{"x": 1}], "end": "rst"}])
    heard = chat(QUESTION, stream=True)
    assert heard.events == [{"choices": []}, {"a": 1}, "[DONE]"]
    assert len(heard.writes) > 1
    assert chat(QUESTION, stream=True).end == "rst"


def test_a_script_can_write_raw_bytes(chat: Any, llmaas_sandbox: Any) -> None:
    llmaas_sandbox.script([{"raw": b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"}])
    heard = chat(QUESTION)
    assert (heard.status, heard.body, heard.end) == (200, b"abc", "fin")


def test_a_step_can_wait_for_its_path(chat: Any, ask: Any, llmaas_sandbox: Any) -> None:
    llmaas_sandbox.script([{"path": "/v1/models", "json": {"data": []}}, {"content": "oui"}])
    assert chat(QUESTION).json["choices"][0]["message"]["content"] == "oui"
    assert ask("/v1/models").json == {"data": []}


def test_a_step_can_be_slow(chat: Any, llmaas_sandbox: Any) -> None:
    llmaas_sandbox.script([{"content": "tard", "delay": 0.3}])
    started = time.monotonic()
    chat(QUESTION)
    assert time.monotonic() - started >= 0.3


def test_a_misspelt_step_is_a_mistake(llmaas_sandbox: Any) -> None:
    with pytest.raises(ValueError, match="contnet"):
        llmaas_sandbox.script([{"contnet": "x"}])
