"""A redirect is told, never followed: no key leaves for another address, host or port."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas_sandbox import Sandbox
from tests.helpers.servers.tls import serving

MODEL = "gpt-oss:120b"
CALLS: dict[str, Any] = {
    "chat": lambda client: client.do("chat", "?", model=MODEL),
    "stream": lambda client: client.events("?", model=MODEL),
    "embed": lambda client: client.do(
        "embed", ["a", "b"], model="bge-m3:567m", isolate_errors=False
    ),
    "rerank": lambda client: client.do("rerank", "q", ["a"], model="qwen3-reranker:4b"),
    "models": lambda client: client.do("models"),
    "transcribe": lambda client: client.do("transcribe", io.BytesIO(b"RIFF0000WAVE")),
    "speak": lambda client: client.do("speak", "Bonjour", model="kokoro"),
    "images": lambda client: client.do("generate_images", "a cat", model="z-image:16b"),
    "get_batch": lambda client: client.do("get_batch", "b1"),
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Any]:
    with Sandbox() as box:
        yield box


def to(location: str, status: int = 307) -> dict[str, Any]:
    return {"status": status, "headers": {"location": location}, "json": {"detail": "moved"}}


@pytest.mark.parametrize("call", CALLS)
def test_no_call_follows(sandbox: Any, elsewhere: Any, api: Any, call: str) -> None:
    elsewhere.reset()
    sandbox.script([to(f"{elsewhere.root_url}/v1/x")])
    with pytest.raises(llmaas.APIStatusError, match="not sent to another") as caught:
        CALLS[call](api(max_retries=2))
    assert caught.value.status_code == 307
    assert len(list(sandbox.requests)) == 1
    assert not list(elsewhere.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["other-host", "other-port", "same-place", "with-password"])
def test_no_redirect_is_followed(
    sandbox: Any, elsewhere: Any, api: Any, status: int, where: str
) -> None:
    elsewhere.reset()
    port = elsewhere.root_url.rpartition(":")[2]
    targets = {
        "other-host": f"http://localhost:{port}/v1/models",
        "other-port": f"http://127.0.0.1:{port}/v1/models",
        "same-place": "/v1/models",
        "with-password": f"http://jo:hunter22@127.0.0.1:{port}/v1/models",
    }
    sandbox.script([to(targets[where], status)])
    with pytest.raises(llmaas.APIStatusError, match="base_url"):
        api().do("models")
    assert len(list(sandbox.requests)) == 1
    assert not list(elsewhere.requests)


@pytest.mark.parametrize("path", ["models", "chat"])
def test_from_https_to_http_neither(elsewhere: Any, api: Any, tmp_path: Path, path: str) -> None:
    pytest.importorskip("cryptography", reason="the sandbox's extra `tls` makes the certificates")
    elsewhere.reset()
    head = f"HTTP/1.1 307 Moved\r\nlocation: {elsewhere.base_url}/models\r\n"
    answer = f"{head}connection: close\r\ncontent-length: 0\r\n\r\n".encode()
    with serving(ssl.TLSVersion.TLSv1_3, tmp_path, answer) as box:
        client = api(base_url=box.base_url, api_key="sk-sandbox", ca_bundle=box.ca_bundle)
        with pytest.raises(llmaas.APIStatusError, match="base_url"):
            CALLS[path](client)
        assert len(box.cleartext) == 1
    assert not list(elsewhere.requests)


def test_nor_does_the_plain_sdk_of_a_client(sandbox: Any, elsewhere: Any) -> None:
    elsewhere.reset()
    sandbox.script([to(elsewhere.base_url)] * 2)
    with LLMaaS(max_retries=0) as client, pytest.raises(openai.APIStatusError):
        client.openai.models.list()

    async def ask() -> None:
        async with AsyncLLMaaS(max_retries=0) as client:
            await client.openai.chat.completions.create(model=MODEL, messages=[])

    with pytest.raises(openai.APIStatusError):
        asyncio.run(ask())
    assert not list(elsewhere.requests)


def test_the_link_of_an_image_is_not_opened(sandbox: Any, elsewhere: Any, api: Any) -> None:
    elsewhere.reset()
    link = f"{elsewhere.root_url}/picture.png"
    sandbox.script([{"json": {"created": 1, "data": [{"url": link}]}}])
    image = api().do("generate_images", "a cat", model="z-image:16b", response_format="url")[0]
    assert image.url == link
    assert not list(elsewhere.requests)


def test_an_image_named_by_its_address_is_not_opened(
    sandbox: Any, elsewhere: Any, api: Any
) -> None:
    elsewhere.reset()
    link = f"{elsewhere.root_url}/picture.png"
    parts = [{"type": "text", "text": "?"}, {"type": "image", "image": link}]
    api().do("chat", [{"role": "user", "content": parts}], model="gemma4:31b")
    assert link in sandbox.requests[-1].body.decode()
    assert not list(elsewhere.requests)
