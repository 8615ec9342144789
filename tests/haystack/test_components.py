"""OCR, batches, guard, images, token counter, list of models."""

from __future__ import annotations

import base64
import io
import struct
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from haystack import Pipeline
from haystack.components.preprocessors import DocumentSplitter
from haystack.dataclasses import ByteStream, ChatMessage, FileContent, ImageContent, ToolCall
from haystack.tools import Tool
from PIL import Image

import llmaas
from haystack_integrations.common.llmaas import list_models
from haystack_integrations.components.audio.llmaas import LLMaaSTranscriber
from haystack_integrations.components.converters.llmaas import LLMaaSOCRDocumentConverter
from haystack_integrations.components.generators.llmaas import (
    LLMaaSBatchChatGenerator,
    LLMaaSChatGenerator,
    LLMaaSImageGenerator,
)
from haystack_integrations.components.routers.llmaas import LLMaaSGuard
from haystack_integrations.token_counters.llmaas import LLMaaSTokenCounter
from llmaas import catalog

VISION = "gemma4:31b"
TOO_LARGE = {"status": 413, "json": {"error": {"message": "Payload Too Large"}}}


def picture(size: tuple[int, int] = (300, 200), mode: str = "RGB", kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, "white" if mode == "RGB" else None).save(buffer, kind)
    return buffer.getvalue()


def pdf(pages: int) -> bytes:
    sheets = [Image.new("RGB", (600 + n, 800), "white") for n in range(pages)]
    buffer = io.BytesIO()
    sheets[0].save(buffer, "PDF", save_all=True, append_images=sheets[1:])
    return buffer.getvalue()


def images_sent(sandbox: Any) -> list[Image.Image]:
    parts = [part for r in sandbox.requests for part in r.json["messages"][0]["content"]]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) for url in urls]


def ocr(**options: Any) -> LLMaaSOCRDocumentConverter:
    return LLMaaSOCRDocumentConverter(**{"model": VISION, "max_retries": 0, **options})


def test_ocr_reads_the_pages_of_a_pdf_in_order(sandbox: Any, run: Any, tmp_path: Path) -> None:
    path = tmp_path / "rapport.pdf"
    path.write_bytes(pdf(3))
    sandbox.script([{"content": f"# page {n}"} for n in (1, 2, 3)])
    (document,) = run(ocr(concurrency=1), sources=[path], meta={"lot": 7})["documents"]
    assert document.content == "# page 1\f# page 2\f# page 3"
    assert document.meta["file_path"] == "rapport.pdf"
    assert (document.meta["lot"], document.meta["page_count"]) == (7, 3)
    assert document.meta["usage"]["total_tokens"] > 0
    for image in images_sent(sandbox):
        assert (image.mode, image.format, max(image.size)) == ("RGB", "JPEG", 2048)
    body = sandbox.requests[0].json
    assert body["messages"][0]["content"][1]["text"] == "Convert the document to markdown."
    assert (body["temperature"], body["max_tokens"]) == (0, 4096)


def test_ocr_of_a_long_pdf_keeps_order_and_the_event_loop_free(sandbox: Any, run: Any) -> None:
    converter = ocr(page_documents=True, concurrency=3, max_side=200)
    found = run(converter, sources=[ByteStream(pdf(20), meta={"a": 1})])["documents"]
    assert [d.meta["page_number"] for d in found] == list(range(1, 21))
    root = catalog.get(VISION).root  # as the service names it
    assert all(d.meta["a"] == 1 and d.meta["model"] == root for d in found)
    assert {max(image.size) for image in images_sent(sandbox)} == {200}


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [
        ("markdown", "Convert the document to markdown."),
        ("figure", "Parse the figure."),
        ("text", "Free OCR."),
        ("locate:total", "Locate <|ref|>total<|/ref|> in the image."),
        ("Lis le titre.", "Lis le titre."),
    ],
)
def test_ocr_prompts(sandbox: Any, run: Any, prompt: str, sent: str) -> None:
    run(ocr(prompt=prompt), sources=[ByteStream(picture())])
    assert sandbox.requests[-1].json["messages"][0]["content"][1]["text"] == sent


def test_ocr_resizes_and_makes_rgb_only_where_needed(sandbox: Any, run: Any) -> None:
    fit = picture()
    sources = [fit, picture((3000, 1000)), picture(mode="RGBA"), picture((9, 9), "1", "TIFF")]
    run(ocr(concurrency=1), sources=[ByteStream(s) for s in sources])
    sizes = [image.size for image in images_sent(sandbox)]
    assert sizes == [(300, 200), (2048, 683), (300, 200), (9, 9)]
    assert all(image.mode == "RGB" for image in images_sent(sandbox))
    url = sandbox.requests[0].json["messages"][0]["content"][0]["image_url"]["url"]
    assert url == "data:image/png;base64," + base64.b64encode(fit).decode()


@pytest.mark.parametrize("size", [(300, 200), (3000, 2000)])
def test_ocr_turns_photographs_upright(sandbox: Any, run: Any, size: tuple[int, int]) -> None:
    """Cameras write down how they were held; models do not read that."""
    lying = Image.new("RGB", size, "white")
    exif = lying.getexif()
    exif[274] = 6  # turn it by a quarter
    buffer = io.BytesIO()
    lying.save(buffer, "JPEG", exif=exif)
    run(ocr(), sources=[ByteStream(buffer.getvalue())])
    (image,) = images_sent(sandbox)
    assert image.size[1] > image.size[0]
    assert image.getexif().get(274, 1) == 1


def bomb() -> bytes:
    """A PNG that says it is larger than any memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def broken_png() -> bytes:
    whole = picture((40, 40), mode="RGBA")
    at = whole.index(b"IDAT")
    return whole[: at + 4] + b"\x00" * 8 + whole[at + 12 :]


@pytest.mark.parametrize("bad", [bomb(), broken_png(), pdf(1)[:-400]], ids=["bomb", "png", "pdf"])
def test_ocr_one_bad_file_does_not_end_the_run(
    sandbox: Any, run: Any, caplog: Any, bad: bytes
) -> None:
    found = run(ocr(), sources=[ByteStream(bad), ByteStream(picture())])["documents"]
    assert len(found) == 1
    assert "Skipping it" in caplog.text
    with pytest.raises((OSError, ValueError)):
        run(ocr(raise_on_failure=True), sources=[ByteStream(bad)])


def test_ocr_too_large_is_sent_smaller(sandbox: Any, run: Any) -> None:
    sandbox.script([TOO_LARGE, TOO_LARGE, {"content": "lu"}])
    (document,) = run(ocr(), sources=[ByteStream(picture((2048, 2048)))])["documents"]
    assert document.content == "lu"
    assert [image.size[0] for image in images_sent(sandbox)] == [2048, 1433, 1003]


def test_ocr_leaves_out_what_it_cannot_read(sandbox: Any, run: Any, caplog: Any) -> None:
    sources = ["nothing.pdf", ByteStream(b"noise"), ByteStream(b"%PDF-1.7 broken"),
               ByteStream(picture())]  # fmt: skip
    found = run(ocr(), sources=sources, meta=[{"n": n} for n in range(4)])["documents"]
    assert [d.meta["n"] for d in found] == [3]
    assert caplog.text.count("Skipping it") == 3
    for source in sources[:3]:
        with pytest.raises((OSError, ValueError)):
            run(ocr(raise_on_failure=True), sources=[source])
    with pytest.raises(ValueError, match="length"):
        run(ocr(), sources=sources, meta=[{}])


def test_ocr_tells_which_pages_failed_or_were_cut(sandbox: Any, run: Any, caplog: Any) -> None:
    cut = {"content": "début", "finish_reason": "length"}
    failed = {"status": 500, "json": {}}
    sandbox.script([cut, failed, {"content": "fin"}])
    (document,) = run(ocr(concurrency=1), sources=[ByteStream(pdf(3))])["documents"]
    assert document.content == "début\f\ffin"
    assert document.meta["truncated_pages"] == [1]
    assert list(document.meta["failed_pages"]) == ["2"]
    sandbox.script([failed])
    with pytest.raises(llmaas.InternalServerError):
        run(ocr(concurrency=1, raise_on_failure=True), sources=[ByteStream(pdf(3))])


def test_ocr_stops_after_failure(sandbox: Any, run: Any) -> None:
    failed = {"status": 500, "json": {}}
    for number in range(1, 9):  # a page may have begun by chance, but not each time
        sandbox.script([failed])
        with pytest.raises(llmaas.InternalServerError):
            run(ocr(concurrency=1, raise_on_failure=True), sources=[ByteStream(pdf(3))])
        assert len(images_sent(sandbox)) == number


def test_ocr_pages_go_through_haystacks_splitter(sandbox: Any) -> None:
    sandbox.script([{"content": "un"}, {"content": "deux"}])
    pipeline = Pipeline()
    pipeline.add_component("ocr", ocr(concurrency=1))
    pipeline.add_component("split", DocumentSplitter(split_by="page", split_length=1))
    pipeline.connect("ocr", "split")
    found = pipeline.run({"ocr": {"sources": [ByteStream(pdf(2))]}})["split"]["documents"]
    assert [(d.content.strip("\f"), d.meta["page_number"]) for d in found] == [
        ("un", 1), ("deux", 2)]  # fmt: skip


def test_batch_is_submitted_and_fetched_later(sandbox: Any, run: Any) -> None:
    questions = [[ChatMessage.from_user(f'Say "{n}"')] for n in range(3)]
    batches = LLMaaSBatchChatGenerator(generation_kwargs={"temperature": 0.1, "max_tokens": 50})
    first = run(batches, conversations=questions)
    assert first["status"] == "queued"
    assert "replies" not in first
    body = sandbox.requests[-1].json
    assert (body["temperature"], body["max_tokens"], len(body["messages"])) == (0.1, 50, 3)
    sandbox.advance(24 * 3600 // 2)
    twin = LLMaaSBatchChatGenerator.from_dict(batches.to_dict())  # another process, say
    for _ in range(3):
        second = run(twin, batch_id=first["batch_id"])
        if second["status"] == "completed":
            break
        sandbox.advance(3600)
    assert [reply.text for reply in second["replies"]] == ["0", "1", "2"]
    usage = second["replies"][0].meta["usage"]
    half = (usage["prompt_tokens"] * 0.9 + usage["completion_tokens"] * 4) / 1e6
    assert second["replies"][0].meta["cost_eur"] == pytest.approx(half, abs=2e-6)


def test_batch_takes_the_keys_that_the_generator_takes(sandbox: Any, run: Any) -> None:
    """The same ``generation_kwargs`` serve both: what is not for the service is not sent."""
    ours = {"on_blocked": "reply", "send_reasoning": True, "unpack_files": True, "repair": False}
    batches = LLMaaSBatchChatGenerator(generation_kwargs={**ours, "timeout": 5, "top_k": 3})
    file = FileContent(base64.b64encode(b"bonjour").decode(), "text/plain", "a.txt")
    talk = [
        ChatMessage.from_user(content_parts=["Lis.", file]),
        ChatMessage.from_assistant("Oui.", reasoning="Hm."),
        ChatMessage.from_user("Et ?"),
    ]
    run(batches, conversations=[talk])
    body = sandbox.requests[-1].json
    assert sorted(body) == ["max_tokens", "messages", "model", "top_k"]
    first, second, _ = body["messages"][0]
    assert first["content"] == "Lis.\na.txt:\nbonjour"  # parts of text are text for this model
    assert second["reasoning_content"] == "Hm."


def test_batch_keeps_positions_when_an_item_fails(sandbox: Any, run: Any) -> None:
    choice = {"index": 0, "message": {"content": "oui"}, "finish_reason": "stop"}
    error = {"type": "BatchSubRequestError", "message": "trop long", "index": 0}
    lot = {"id": "batch-1", "object": "batch", "status": "completed", "model": "m",
           "request_counts": {"total": 2, "completed": 1, "failed": 1},
           "results": [{"error": error}, {"choices": [choice]}]}  # fmt: skip
    sandbox.script([{"json": lot}])
    result = run(LLMaaSBatchChatGenerator(), batch_id="batch-1")
    bad, good = result["replies"]
    assert (bad.text, bad.meta["finish_reason"]) == ("", "error")
    assert "trop long" in bad.meta["error"]
    assert good.text == "oui"
    assert (result["meta"]["completed"], result["meta"]["failed"]) == (1, 1)


def test_batch_may_wait(sandbox: Any, run: Any) -> None:
    lot = {"id": "batch-1", "status": "queued", "model": "m"}
    done = {**lot, "status": "failed", "error": {"message": "panne"}}
    sandbox.script([{"status": 202, "json": lot}, {"json": lot}, {"json": done}])
    batches = LLMaaSBatchChatGenerator(wait=5, poll_interval=0.05)
    result = run(batches, conversations=["a"])
    assert (result["status"], result["replies"]) == ("failed", [])
    assert result["meta"]["error"] == {"message": "panne"}
    assert len(sandbox.requests) == 3


def test_batch_is_never_submitted_twice(sandbox: Any, run: Any) -> None:
    sandbox.script([{"status": 503, "json": {}}])
    with pytest.raises(llmaas.InternalServerError):
        run(LLMaaSBatchChatGenerator(), conversations=["a"])
    assert len(sandbox.requests) == 1
    for wrong in ({}, {"conversations": ["a"], "batch_id": "b"}):
        with pytest.raises(ValueError, match="batch_id"):
            run(LLMaaSBatchChatGenerator(), **wrong)


def test_pipeline_may_stop_between_submit_and_fetch(sandbox: Any) -> None:
    """What hangs on the replies does not run before they are there."""
    from haystack.components.builders import AnswerBuilder

    def pipeline() -> Pipeline:
        made = Pipeline()
        made.add_component("batch", LLMaaSBatchChatGenerator())
        made.add_component("answers", AnswerBuilder())
        made.connect("batch.replies", "answers.replies")
        return made

    asked = pipeline().run({"batch": {"conversations": ['Say "a"']}, "answers": {"query": "q"}},
                           include_outputs_from={"batch"})  # fmt: skip
    assert "answers" not in asked
    choice = {"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}
    done = {"id": "b", "status": "completed", "model": "m", "results": [{"choices": [choice]}]}
    sandbox.script([{"json": done}])
    batch_id = asked["batch"]["batch_id"]
    told = pipeline().run({"batch": {"batch_id": batch_id}, "answers": {"query": "q"}})
    assert told["answers"]["answers"][0].data == "a"


@pytest.mark.parametrize(
    ("answer", "risk"),
    [
        ("No", False),
        ("Yes", True),
        ("safe", False),
        ("<think>no?</think><score> yes </score>", True),
        ("<score>no</score>\n<confidence>High</confidence>", False),
        ("I cannot tell", None),
        ("yes and no", None),
        ("The message is not safe.", None),
        ("There is no safe way to answer.", None),
        ("It isn't at all safe", None),
        ("No, it is safe.", False),
    ],
)
def test_guard_routes(sandbox: Any, run: Any, answer: str, risk: bool | None) -> None:
    sandbox.script([{"content": answer}])
    guard = LLMaaSGuard(model="granite4.1-guardian:8b", risks=["harm"])
    messages = [ChatMessage.from_system("règles"), ChatMessage.from_user("Bonjour")]
    result = run(guard, messages=messages)
    assert result["risks"] == {"harm": risk}
    assert ("safe" in result, "unsafe" in result) == (risk is False, risk is not False)
    body = sandbox.requests[-1].json
    assert [m["content"] for m in body["messages"]] == ["harm", "Bonjour"]
    assert body["temperature"] == 0


def test_guard_sends_only_texts(sandbox: Any, run: Any) -> None:
    """A call without its result is refused by servers that check, and guardians see no images."""
    call = ToolCall("f", {"x": 1}, id="1")
    image = ImageContent(base64.b64encode(picture()).decode(), mime_type="image/png")
    messages = [
        ChatMessage.from_user(content_parts=["Regarde.", image]),
        ChatMessage.from_assistant("Je cherche.", tool_calls=[call]),
        ChatMessage.from_tool("trouvé", origin=call),
    ]
    sandbox.script([{"content": "No"}])
    assert run(LLMaaSGuard(risks=["harm"]), messages=messages)["safe"] == messages
    assert sandbox.requests[-1].json["messages"] == [
        {"role": "system", "content": "harm"},
        {"role": "user", "content": "Regarde."},
        {"role": "assistant", "content": "Je cherche."},
    ]


def test_budget_around_a_component_counts_all_of_its_requests(sandbox: Any, run: Any) -> None:
    """Requests that are made at once belong to the block that the component was run in."""
    sandbox.script([{"content": "No"}] * 2)
    with llmaas.LLMaaS() as client, client.budget(eur=1) as budget:
        run(LLMaaSGuard(risks=["harm", "jailbreak"]), messages="Bonjour")
        guarded = budget.spent
        run(ocr(concurrency=2), sources=[ByteStream(pdf(2))])
    usages = [r for r in sandbox.requests if r.status == 200]
    assert len(usages) == 4
    assert 0 < guarded < budget.spent


def test_guard_checks_every_risk(sandbox: Any, run: Any) -> None:
    sandbox.script([{"content": "No"}] * 3)
    result = run(LLMaaSGuard(risks=["harm", "jailbreak", "profanity"]), messages="Bonjour")
    assert result["risks"] == {"harm": False, "jailbreak": False, "profanity": False}
    assert [m.text for m in result["safe"]] == ["Bonjour"]
    assert "unsafe" not in result
    assert {r.json["messages"][0]["content"] for r in sandbox.requests} == set(result["risks"])
    sandbox.script([{"content": "hein ?"}])
    lenient = LLMaaSGuard(risks=["harm"], unclear_is_safe=True)
    assert "safe" in run(lenient, messages="Bonjour")
    for wrong in ([], "harm"):
        with pytest.raises(ValueError, match="risks"):
            LLMaaSGuard(risks=wrong)
    with pytest.raises(ValueError, match="user or assistant message with text"):
        run(lenient, messages=[ChatMessage.from_system("x")])


def test_guard_blocks_prompt_in_pipeline(sandbox: Any) -> None:
    pipeline = Pipeline()
    pipeline.add_component("guard", LLMaaSGuard(risks=["harm"]))
    pipeline.add_component("llm", LLMaaSChatGenerator())
    pipeline.connect("guard.safe", "llm.messages")
    messages = [ChatMessage.from_user('Say "oui"')]
    sandbox.script([{"content": "Yes"}])
    assert "llm" not in pipeline.run({"guard": {"messages": messages}})
    sandbox.script([{"content": "No"}])
    assert pipeline.run({"guard": {"messages": messages}})["llm"]["replies"][0].text == "oui"


def test_images(sandbox: Any, run: Any) -> None:
    result = run(LLMaaSImageGenerator(), prompt="un chat noir", size="1536x1024")
    image = Image.open(io.BytesIO(base64.b64decode(result["images"][0])))
    assert image.size == (1536, 1024)
    assert sandbox.requests[-1].json == {
        "model": "z-image:16b", "prompt": "un chat noir", "size": "1536x1024", "n": 1,
        "response_format": "b64_json"}  # fmt: skip
    sandbox.script([{"json": {"data": [{"url": "https://images.test/1.png"}]}}])
    result = run(LLMaaSImageGenerator(size="auto", quality="high"), prompt="un chat")
    assert (result["images"], result["urls"]) == ([], ["https://images.test/1.png"])
    body = sandbox.requests[-1].json
    assert "size" not in body
    assert body["quality"] == "high"


def test_token_counter() -> None:
    counter = LLMaaSTokenCounter()
    assert counter.count([]) == 0
    short = counter.count([ChatMessage.from_user("a" * 40)])
    assert short == 14
    assert counter.count([ChatMessage.from_user("a" * 400)]) == 104
    call = ToolCall("f", {"x": "y" * 40}, id="1")
    turn = [ChatMessage.from_assistant(tool_calls=[call], reasoning="r" * 999),
            ChatMessage.from_tool("z" * 80, origin=call)]  # fmt: skip
    assert 30 < counter.count(turn) < 50
    parts = ["x", ImageContent("aGk=", mime_type="image/png"), FileContent("aGk=")]
    seen = ChatMessage.from_user(content_parts=parts)
    assert counter.count([seen]) == 4 + 800 + 1000 + 1
    tool = Tool(name="f", description="d" * 200, parameters={"type": "object"}, function=print)
    assert counter.count([], tools=[tool]) > 50
    assert LLMaaSTokenCounter.from_dict(counter.to_dict()).to_dict() == counter.to_dict()


def test_list_models(sandbox: Any) -> None:
    models = {model.id: model for model in list_models()}
    assert models["gpt-oss:120b"].context_tokens == 131072
    assert "gpt-oss:20b" in models["gpt-oss:120b"].aliases


def test_images_reach_model(sandbox: Any, ask: Any) -> None:
    parts = ["Que vois-tu ?", ImageContent("aGk=", mime_type="image/png", detail="low")]
    ask([ChatMessage.from_user(content_parts=parts)], of=LLMaaSChatGenerator(model=VISION))
    text, image = sandbox.requests[-1].json["messages"][0]["content"]
    assert text == {"type": "text", "text": "Que vois-tu ?"}
    assert image["image_url"] == {"url": "data:image/png;base64,aGk=", "detail": "low"}


def test_files_are_sent_as_text_or_images(sandbox: Any, ask: Any) -> None:
    files = [("text/csv", "été;1".encode(), "a.csv"), ("application/pdf", pdf(2), "b.pdf")]
    parts = [FileContent(base64.b64encode(data).decode(), mime_type=kind, filename=name)
             for kind, data, name in files]  # fmt: skip
    message = ChatMessage.from_user(content_parts=["Lis.", *parts])
    ask([message], of=LLMaaSChatGenerator(model=VISION))
    _, text, *pages = sandbox.requests[-1].json["messages"][0]["content"]
    assert text == {"type": "text", "text": "a.csv:\nété;1"}
    assert [part["type"] for part in pages] == ["image_url"] * 2
    with pytest.raises(llmaas.BadRequestError, match="file"):
        ask([message], generation_kwargs={"unpack_files": False})
    assert sandbox.requests[-1].json["messages"][0]["content"][1]["file"]["filename"] == "a.csv"


@pytest.mark.parametrize("wrong", ["a.wav", None, 5])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (LLMaaSTranscriber, "sources"),
        (LLMaaSOCRDocumentConverter, "sources"),
        (LLMaaSBatchChatGenerator, "conversations"),
    ],
)
def test_single_value_is_refused_where_a_list_is_due(
    sandbox: Any, run: Any, kind: Any, name: str, wrong: Any
) -> None:
    """A string would be read, or billed, character by character."""
    with pytest.raises((TypeError, ValueError), match=name):
        run(kind(), **{name: wrong})
    assert not sandbox.requests
