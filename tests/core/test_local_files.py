"""Local files: opened only when the program says so, and only regular ones."""

from __future__ import annotations

import asyncio
import base64
import os
import threading
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas.warnings import IgnoredOptionWarning

MODEL = "gemma4:31b"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")  # fmt: skip # noqa: E501
DATA = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "x.png"
    path.write_bytes(PNG)
    return path


def question(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "?"}, part]}]


def ask(client: Any, method: str, *inputs: Any, **options: Any) -> None:
    """Call a method; read a stream to its end."""
    if method == "stream":
        client.events(*inputs, **options)
    else:
        client.do(method, *inputs, **options)


def forms(source: Any) -> list[dict[str, Any]]:
    return [
        {"type": "image", "image": source},
        {"type": "image_url", "image_url": {"url": source}},
        {"type": "image_url", "image_url": source},
    ]


@pytest.mark.parametrize("form", range(3))
@pytest.mark.parametrize("method", ["chat", "stream", "submit_batch"])
@pytest.mark.parametrize("name", ["relative", "absolute", "file-uri", "device", "drive", "base64"])
def test_finding_8_text_in_a_message_never_names_a_file(
    sandbox: Any, api: Any, picture: Path, name: str, method: str, form: int
) -> None:
    text = {"relative": os.path.relpath(picture), "absolute": str(picture),
            "file-uri": picture.as_uri(), "device": "/dev/zero", "drive": "C:\\x.png",
            "base64": base64.b64encode(PNG).decode()}[name]  # fmt: skip
    messages = question(forms(text)[form])
    with pytest.raises(llmaas.InvalidInputError, match=r"pathlib\.Path"):
        api().do(method, [messages] if method == "submit_batch" else messages, model=MODEL)
    assert not sandbox.requests


@pytest.mark.parametrize("form", range(3))
@pytest.mark.parametrize("method", ["chat", "stream", "submit_batch"])
def test_path_of_the_program_is_read(
    sandbox: Any, api: Any, picture: Path, method: str, form: int
) -> None:
    messages = question(forms(picture)[form])
    batch = method == "submit_batch"
    ask(api(), method, [messages] if batch else messages, model=MODEL)
    sent = sandbox.requests[-1].json["messages"]
    assert (sent[0] if batch else sent)[0]["content"][1]["image_url"]["url"] == DATA
    assert messages == question(forms(picture)[form]), "the caller's messages stay"


@pytest.mark.parametrize("source", [Path, str])
def test_image_part_reads_the_file_that_the_program_names(picture: Path, source: Any) -> None:
    assert llmaas.image_part(source(picture))["image_url"]["url"] == DATA


@pytest.mark.parametrize(
    "address", ["https://example.org/x.png", "HTTP://e.org/x", DATA, "s3://b/x"]
)
def test_addresses_are_sent_as_they_are(sandbox: Any, api: Any, address: str) -> None:
    for part in forms(address)[:2]:
        api().do("chat", question(part), model=MODEL)
        assert sandbox.requests[-1].json["messages"][0]["content"][1] == forms(address)[1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "large", "missing", "null-byte"])
def test_finding_8_only_regular_files_up_to_a_limit_are_read(
    sandbox: Any, api: Any, tmp_path: Path, picture: Path, kind: str
) -> None:
    paths = {"pipe": tmp_path / "pipe", "device": Path("/dev/zero"), "directory": tmp_path,
             "large": tmp_path / "large.png", "missing": tmp_path / "no.png",
             "null-byte": Path("a\0")}  # fmt: skip
    os.mkfifo(paths["pipe"])
    paths["large"].write_bytes(PNG + b"\0" * 2_000)
    client = api(max_file_bytes=1_000)
    with pytest.raises(llmaas.InvalidInputError, match="cannot be read"):
        client.do("chat", question({"type": "image", "image": paths[kind]}), model=MODEL)
    with pytest.raises(llmaas.InvalidInputError, match="cannot be read"):
        client.do("transcribe", paths[kind])
    with pytest.raises(llmaas.InvalidInputError, match="cannot be read"):
        llmaas.image_part(paths[kind], max_file_bytes=1_000)
    assert not sandbox.requests


def test_file_is_read_in_a_thread_under_asyncio(
    sandbox: Any, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llmaas import content_parts

    readers: list[int] = []
    read = content_parts.read_regular_file

    def noting(path: Any, limit: int) -> bytes:
        readers.append(threading.get_ident())
        return read(path, limit)

    monkeypatch.setattr(content_parts, "read_regular_file", noting)

    async def read_both() -> None:
        client = llmaas.AsyncLLMaaS()
        await client.chat(question({"type": "image", "image": picture}), model=MODEL)
        await (await client.stream(question({"type": "image", "image": picture}), model=MODEL)
               ).until_done()  # fmt: skip

    asyncio.run(read_both())
    assert len(readers) == 2
    assert threading.get_ident() not in readers


def test_file_is_read_once_when_several_models_are_asked(
    sandbox: Any, api: Any, picture: Path
) -> None:
    gone = {"status": 404, "body": '{"error": {"message": "model x is retired"}}'}
    sandbox.script([gone, {"content": "ok"}])
    client = api(fallbacks=["gemma4:31b"])
    got = client.do("chat", question({"type": "image", "image": picture}), model="qwen3.6:27b")
    assert got.text == "ok"
    assert sandbox.requests[-1].json["messages"][0]["content"][1]["image_url"]["url"] == DATA


@pytest.mark.parametrize("method", ["chat", "stream"])
def test_image_for_a_model_without_vision_warns(sandbox: Any, api: Any, method: str) -> None:
    part = {"type": "image_url", "image_url": {"url": DATA}}
    with (
        pytest.warns(IgnoredOptionWarning, match=r"llama3\.3:70b is not known to see images"),
        pytest.raises(llmaas.BadRequestError, match="not a multimodal model"),
    ):
        ask(api(), method, question(part), model="llama3.3:70b")


@pytest.mark.parametrize("method", ["chat", "stream"])
def test_image_for_a_model_without_vision_is_an_error_when_the_client_is_strict(
    sandbox: Any, api: Any, method: str
) -> None:
    part = {"type": "image_url", "image_url": {"url": DATA}}
    with pytest.raises(llmaas.InvalidInputError, match="see images"):
        ask(api(strict=True), method, question(part), model="llama3.3:70b")
    assert not sandbox.requests
    ask(api(strict=True), method, question(part), model=MODEL)
