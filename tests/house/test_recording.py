"""A recording is the same whoever makes it, and answers whoever asks the same."""

import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import aiohttp
import openai
import pytest
import yaml

from cassettes import Signature, canonical_response, canonical_text, reader
from tape import playing

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
    with reader(Signature("sandbox", secret=KEY)).use_cassette(str(path)):
        calls(url)
    return path.read_text()


def test_sync_and_async_write_the_same_bytes(service, tmp_path):
    one = recorded(tmp_path / "sync.yaml", service, sync_calls)
    other = recorded(tmp_path / "async.yaml", service, async_calls)
    assert one == other


@pytest.mark.parametrize("player", [sync_calls, async_calls])
def test_one_recording_answers_both(service, tmp_path, player):
    recorded(tmp_path / "calls.yaml", service, sync_calls)
    with playing(tmp_path / "calls.yaml") as tape:
        player(tape.base_url)


def test_aiohttp_plays_what_openai_recorded(service, tmp_path):
    path = tmp_path / "calls.yaml"
    recorded(path, service, lambda url: sync_calls(url))
    with pytest.raises(AssertionError, match="1 exchange"), playing(path) as tape:
        aiohttp_calls(tape.base_url)


def test_the_file_is_readable_and_keeps_no_secret(service, tmp_path):
    text = recorded(tmp_path / "calls.yaml", service, sync_calls)
    assert "content: été" in text
    assert "      data: [DONE]\n" in text
    assert "base64: " in text
    for secret in (KEY, "session=", "127.0.0.1", "user-agent"):
        assert secret not in text.lower()


def test_another_question_is_not_answered(service, tmp_path):
    recorded(tmp_path / "calls.yaml", service, sync_calls)
    with (
        pytest.raises(Exception, match=r"(?i)cassette|connection"),
        playing(tmp_path / "calls.yaml") as tape,
        openai.OpenAI(base_url=tape.base_url, api_key=KEY, max_retries=0) as client,
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])


def test_a_compressed_body_is_refused():
    with pytest.raises(ValueError, match="zstd"):
        canonical_response({"headers": {"Content-Encoding": ["zstd"]}, "body": {"string": b""}})


def test_writing_twice_gives_the_same_bytes():
    document = {"recorded": "sandbox", "exchanges": [{"text": STREAM, "n": 1e-07, "s": "1e5"}]}
    text = canonical_text(document)
    assert canonical_text(yaml.safe_load(text)) == text
    assert yaml.safe_load(text) == document
