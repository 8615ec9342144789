import base64
import json
import logging
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from llmaas_sandbox import Sandbox
from tests.helpers.waiting import eventually

MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"
SECOND = b"\0\1" * 16_000


@pytest.fixture
def dial(llmaas_sandbox: Any) -> Any:
    """``dial(key)`` opens the socket."""

    def open_one(key: str | None = llmaas_sandbox.api_key) -> Any:
        address = llmaas_sandbox.base_url.replace("http://", "ws://") + "/realtime"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return connect(address, additional_headers=headers, open_timeout=20)

    return open_one


def send(socket: Any, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: Any) -> Any:
    return json.loads(socket.recv(timeout=30))


def test_one_utterance(dial: Any, llmaas_sandbox: Any) -> None:
    with dial() as socket:
        assert hear(socket)["type"] == "session.created"
        send(socket, type="session.update", model=MODEL)
        send(socket, type="input_audio_buffer.commit")
        for _ in range(7):
            send(socket, type="input_audio_buffer.append", audio=base64.b64encode(SECOND).decode())
        send(socket, type="input_audio_buffer.commit", final=True)
        deltas = []
        while (message := hear(socket))["type"] == "transcription.delta":
            deltas.append(message["delta"])
        assert message["type"] == "transcription.done"
        assert message["usage"]["total_tokens"] > 0
        assert "text" not in message
        assert "" in deltas
        assert len("".join(deltas)) > 20
        send(socket, type="input_audio_buffer.commit", final=True)
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.2)  # silent after done
    [record] = llmaas_sandbox.requests
    assert (record.method, record.status) == ("WS", 101)


def test_an_alias_is_not_resolved_here(dial: Any) -> None:
    with dial() as socket:
        hear(socket)
        send(socket, type="session.update", model="voxtral")
        assert hear(socket) == {"type": "error", "error": "The model `voxtral` does not exist."}


@pytest.mark.parametrize(
    "message",
    [
        "{",
        '{"type": "dance"}',
        '{"type": "session.update"}',
        '{"type": "input_audio_buffer.append", "audio": "é"}',
    ],
)
def test_a_bad_message_is_an_error_in_words(dial: Any, message: str) -> None:
    with dial() as socket:
        hear(socket)
        socket.send(message)
        answer = hear(socket)
        assert answer["type"] == "error"
        assert isinstance(answer["error"], str)


def test_the_upgrade_needs_a_key(dial: Any) -> None:
    with pytest.raises(InvalidStatus) as caught:
        dial(None)
    assert caught.value.response.status_code == 401
    assert json.loads(caught.value.response.body) == {"error": "Token manquant"}
    with pytest.raises(InvalidStatus) as caught:
        dial("sk-wrong")
    assert caught.value.response.status_code == 401


def test_a_binary_frame_is_no_message(dial: Any) -> None:
    with dial() as socket:
        assert hear(socket)["type"] == "session.created"
        socket.send(SECOND)
        assert hear(socket) == {"type": "error", "error": "Unknown message type: None"}
        send(socket, type="session.update", model="no-such-model")
        assert hear(socket)["type"] == "error"


def test_closed_sockets_are_forgotten() -> None:
    with Sandbox() as box:  # the session's may have connections of other tests
        with connect(
            f"{box.base_url.replace('http', 'ws')}/realtime",
            additional_headers={"Authorization": f"Bearer {box.api_key}"},
        ) as socket:
            hear(socket)
            assert box.connections == 1
        eventually(lambda: not box.connections)


class Kept(logging.Handler):
    """Keeps what is logged; uvicorn's loggers do not reach pytest's."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.mark.parametrize("key", [None, "sk-wrong"])
@pytest.mark.parametrize("path", ["/realtime", "/models", "/nothing"])
def test_upgrade_leaves_nothing_in_the_log_when_it_is_refused(
    path: str, key: str | None, llmaas_sandbox: Any
) -> None:
    kept, log = Kept(), logging.getLogger("uvicorn.error")
    log.addHandler(kept)
    address = llmaas_sandbox.base_url.replace("http://", "ws://") + path
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with pytest.raises(InvalidStatus) as refused:
            connect(address, additional_headers=headers, open_timeout=20)
        # its error would come before the next request is answered
        with pytest.raises(InvalidStatus):
            connect(address, additional_headers=headers, open_timeout=20)
    finally:
        log.removeHandler(kept)
    assert refused.value.response.status_code == (401 if path == "/realtime" else 404)
    assert kept.lines == []
