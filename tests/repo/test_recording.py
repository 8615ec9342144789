"""Recording and replaying of cassettes."""

import asyncio
import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import aiohttp
import openai
import pytest
import yaml

from llmaas_sandbox import Sandbox
from tests.helpers.cassettes import player as cassettes
from tests.helpers.cassettes.drift import shape
from tests.helpers.cassettes.format import (
    KEPT_HEADERS,
    SERVICE,
    Header,
    build_vcr,
    canonical_response,
    canonical_text,
    read,
)
from tests.helpers.repository import ROOT

KEPT = ROOT / "tests" / "cassettes" / "core"
KEY = "sk-test"
STREAM = 'data: {"id": "1", "choices": [], "model": "été"}\n\ndata: [DONE]\n\n'
FILE = ("a.wav", b"RIFF\xff")


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        streamed = b'"stream"' in body
        answer = STREAM if streamed else json.dumps({"text": "été", "id": "1", "choices": []})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
        self.send_header("Set-Cookie", "session=secret")
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def sync_calls(url):
    with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "été"}])
        list(client.chat.completions.create(model="m", messages=[], stream=True))
        client.audio.transcriptions.create(model="w", file=FILE)


def async_calls(url):
    async def calls():
        async with openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
            chat = client.chat.completions
            await chat.create(model="m", messages=[{"role": "user", "content": "été"}])
            async for _ in await chat.create(model="m", messages=[], stream=True):
                pass
            await client.audio.transcriptions.create(model="w", file=FILE)

    asyncio.run(calls())


def aiohttp_calls(url):
    async def calls():
        async with aiohttp.ClientSession() as session:
            body = {"model": "m", "messages": [{"role": "user", "content": "été"}]}
            async with session.post(f"{url}/chat/completions", data=json.dumps(body)) as answer:
                assert (await answer.json())["text"] == "été"
            streamed = {"stream": True, "messages": [], "model": "m"}
            async with session.post(f"{url}/chat/completions", json=streamed) as answer:
                assert b"".join([part async for part in answer.content.iter_any()])

    asyncio.run(calls())


def recorded(path, url, calls):
    with build_vcr(Header("sandbox", secret=KEY)).use_cassette(str(path)):
        calls(url)
    return path.read_text()


def test_recording_is_the_same_sync_and_async(service, tmp_path):
    one = recorded(tmp_path / "sync.yaml", service, sync_calls)
    other = recorded(tmp_path / "async.yaml", service, async_calls)
    assert one == other


@pytest.mark.parametrize("player", [sync_calls, async_calls])
def test_recording_answers_sync_and_async(service, tmp_path, player):
    recorded(tmp_path / "calls.yaml", service, sync_calls)
    with cassettes.play(tmp_path / "calls.yaml") as cassette:
        player(cassette.base_url)


def test_recording_of_openai_answers_aiohttp(service, tmp_path):
    path = tmp_path / "calls.yaml"
    recorded(path, service, lambda url: sync_calls(url))
    with pytest.raises(AssertionError, match="1 exchange"), cassettes.play(path) as cassette:
        aiohttp_calls(cassette.base_url)


def test_recording_is_readable_and_has_no_secret(service, tmp_path):
    text = recorded(tmp_path / "calls.yaml", service, sync_calls)
    assert "content: été" in text
    assert "      data: [DONE]\n" in text
    assert "base64: " in text
    for secret in (KEY, "session=", "127.0.0.1", "user-agent"):
        assert secret not in text.lower()


def test_recording_rejects_another_request(service, tmp_path):
    recorded(tmp_path / "calls.yaml", service, sync_calls)
    with (
        pytest.raises(Exception, match=r"(?i)cassette|connection"),
        cassettes.play(tmp_path / "calls.yaml") as cassette,
        openai.OpenAI(base_url=cassette.base_url, api_key=KEY, max_retries=0) as client,
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])


def test_recording_rejects_a_compressed_body():
    with pytest.raises(ValueError, match="zstd"):
        canonical_response({"headers": {"Content-Encoding": ["zstd"]}, "body": {"string": b""}})


def test_recording_is_stable_when_written_twice():
    document = {"recorded": "sandbox", "exchanges": [{"text": STREAM, "n": 1e-07, "s": "1e5"}]}
    text = canonical_text(document)
    assert canonical_text(yaml.safe_load(text)) == text
    assert yaml.safe_load(text) == document


CANARY = "sk-test-canary-3f9c1d"
ROOM = "tests/core/test_recorded.py"
SOME = "(chat or limit or wrong_key) and not plain"
NAMES = {f"{name}{how}.yaml" for name in ("chat", "wrong-key") for how in ("", "-stream")}


def record(folder, *more, **environment):
    """Do what ``nox -s record`` does for some tests of a package, into another folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "cassette"]
    command += [f"--cassettes={folder}", *more, "-k", SOME, ROOM]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LLMAAS_")}
    done = subprocess.run(
        command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert CANARY not in done.stdout + done.stderr
    return {path.name: path for path in sorted((folder / "core").iterdir())}


def test_recording_of_the_service_needs_key_and_address(tmp_path):
    """A sandbox with a key of its own stands for the service; its clock runs, as there."""
    with Sandbox(api_keys=(CANARY,)) as service:
        address = {"LLMAAS_API_KEY": CANARY, "LLMAAS_BASE_URL": service.base_url}
        anew = record(tmp_path, "--record=live", **address)
        asked = len(service.requests)
    tapes = {name: read(path) for name, path in anew.items()}
    assert asked == sum(len(cassette["exchanges"]) for cassette in tapes.values())
    assert set(tapes) == NAMES, "what the sandbox was provoked to is not asked of the service"
    for name, cassette in tapes.items():
        assert re.fullmatch(r"service \d{4}-\d{2}-\d{2} at 127\.0\.0\.1", cassette["recorded"])
        assert not re.search(r"sk-|Bearer|cookie", anew[name].read_text())
        assert_the_same_but_for(cassette, read(KEPT / name))


def assert_the_same_but_for(cassette, kept):
    """Compare what was asked word by word, and what was answered by its shape."""
    for now, then in zip(cassette["exchanges"], kept["exchanges"], strict=True):
        assert now["request"] == then["request"]
        assert set(now["response"]["headers"]) <= KEPT_HEADERS
        assert shape(now["response"]) == shape(then["response"])


@pytest.mark.parametrize(
    ("root", "signature"),
    [
        (SERVICE, r"service \d{4}-\d{2}-\d{2}"),
        ("https://relay.example", r"service \d{4}-\d{2}-\d{2} at relay\.example"),
    ],
)
def test_recording_names_other_addresses_than_the_service(root, signature):
    assert re.fullmatch(signature, cassettes.recorder_name("live", root))


def test_recording_redacts_an_echoed_key(tmp_path):
    with Sandbox(api_keys=(CANARY,)) as service:
        service.script([{"status": 400, "json": {"detail": f"I heard {CANARY}."}}])
        with (
            build_vcr(Header("sandbox", secret=CANARY)).use_cassette(str(tmp_path / "echo.yaml")),
            pytest.raises(openai.BadRequestError),
            openai.OpenAI(base_url=service.base_url, api_key=CANARY, max_retries=0) as client,
        ):
            client.chat.completions.create(model="m", messages=[])
    assert "detail: I heard ***." in (tmp_path / "echo.yaml").read_text()


def test_recording_keeps_the_cassette_when_the_service_is_down(tmp_path):
    path = tmp_path / "chat.yaml"
    path.write_text("as it was")
    with (
        pytest.raises(AssertionError, match="nothing was asked"),
        cassettes.record(path, "sandbox"),
    ):
        pass
    assert [file.read_text() for file in tmp_path.iterdir()] == ["as it was"]


def test_recording_names_injected_faults(tmp_path):
    path = tmp_path / "limit.yaml"
    with (
        cassettes.record(path, "sandbox", "status:429:7") as cassette,
        pytest.raises(openai.RateLimitError),
        openai.OpenAI(
            base_url=cassette.base_url, api_key=cassette.api_key, max_retries=0
        ) as client,
    ):
        client.chat.completions.create(model="m", messages=[])
    assert read(path)["provoked"] == "status:429:7"
    assert read(path)["exchanges"][0]["response"]["headers"]["retry-after"] == "7"
