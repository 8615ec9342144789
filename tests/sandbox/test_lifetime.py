"""Starting and stopping, in the process of a test."""

import http.client
import json
import threading
from typing import Any

import pytest

from llmaas_sandbox import Sandbox
from tests.helpers.waiting import eventually

HELLO = [{"role": "user", "content": "Bonjour"}]


def running() -> int:
    return sum(thread.name == "llmaas-sandbox" for thread in threading.enumerate())


def answer(box: Sandbox, **fields: Any) -> Any:
    """Return the status of a whole answer, or what broke it off."""
    connection = http.client.HTTPConnection(box.root_url.removeprefix("http://"), timeout=60)
    body = json.dumps({"model": "mistral-small4:119b", "messages": HELLO, **fields})
    headers = {"authorization": f"Bearer {box.api_key}", "content-type": "application/json"}
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException) as error:
        return error
    finally:
        connection.close()


@pytest.mark.parametrize("fault", ["slow-headers:60", "stall:60"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_stopping_hangs_up_on_who_still_waits(fault: str, stream: bool) -> None:
    before, heard = running(), []
    with Sandbox(faults=fault) as box:
        ask = threading.Thread(target=lambda: heard.append(answer(box, stream=stream)))
        ask.start()
        eventually(lambda: len(box.requests))
    ask.join(30)
    assert isinstance(heard[0], Exception)
    assert running() == before


def test_a_sandbox_that_runs_starts_no_second_time() -> None:
    before = running()
    with Sandbox().start() as box:
        assert running() == before + 1
        assert answer(box) == 200
    assert running() == before


def test_a_sandbox_starts_again_where_it_was() -> None:
    box = Sandbox()
    for _ in range(2):
        with box:
            assert answer(box) == 200
