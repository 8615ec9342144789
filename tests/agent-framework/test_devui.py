"""Reasoning in DevUI. A prerelease, so it runs in its own session: `nox -s devui`."""

import json
import socket
import threading
import time
import urllib.request

import pytest

devui = pytest.importorskip(
    "agent_framework_devui", reason="a prerelease, not in the lock: nox -s devui"
)

from agent_framework import Agent  # noqa: E402

TOKEN = "t"
THOUGHT = "Je réfléchis bien."


@pytest.fixture
def address(client):
    """Serve an agent with DevUI; give its address."""
    import uvicorn

    server = devui.DevServer(port=8080, ui_enabled=True, auth_token=TOKEN)
    server.set_pending_entities([Agent(client, name="llmaas")])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(server.get_app(), log_level="warning")
        runner = uvicorn.Server(config)
        thread = threading.Thread(target=runner.run, args=([listener],))
        thread.start()
        while not runner.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        runner.should_exit = True
        thread.join(10)


def opened(url, body=None):
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(urllib.request.Request(url, data, headers))


@pytest.mark.filterwarnings("ignore")
def test_devui_streams_reasoning(sandbox, address):
    sandbox.script([{"content": "Oui.", "reasoning": THOUGHT}])
    with opened(f"{address}/v1/entities") as answer:
        (entity,) = json.load(answer)["entities"]
    asked = {"metadata": {"entity_id": entity["id"]}, "input": "Oui ?", "stream": True}
    with opened(f"{address}/v1/responses", asked) as answer:
        lines = [line[6:] for line in answer.read().decode().splitlines() if line[:6] == "data: "]
    events = [json.loads(line) for line in lines if line != "[DONE]"]
    thought = [e["delta"] for e in events if e["type"] == "response.reasoning_text.delta"]
    said = [e["delta"] for e in events if e["type"] == "response.output_text.delta"]
    assert "".join(thought) == THOUGHT
    assert "".join(said) == "Oui."
