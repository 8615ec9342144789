"""The Gradio app in a real browser, before a sandbox that can be scripted and looked at."""

import re
import struct
import zlib

import pytest

from llmaas_sandbox import Sandbox
from tests.helpers.browser.apps import (
    COOKBOOKS,
    App,
    browsing,
    free_port,
    needs,
    picture,
    record,
    states,
    visiting,
)
from tests.helpers.waiting import eventually

needs("gradio", "playwright")

FOLDER = COOKBOOKS / "gradio"
KEY = "sk-test-canary-0123456789"
LOG = "[role=log]"
COUNT = (
    "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf vingt."
)


@pytest.fixture(scope="module")
def box():
    with Sandbox(tokens_per_second=25, api_keys=(KEY,)) as running:
        yield running


@pytest.fixture(scope="module")
def app(box):
    with started({"LLMAAS_API_KEY": KEY, "LLMAAS_BASE_URL": box.base_url}) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with browsing() as running:
        yield running


@pytest.fixture
def page(browser, app, box):
    box.reset()
    with visiting(browser, app.url) as opened:
        opened.get_by_placeholder("Write, drop a picture, or speak").wait_for()
        yield opened
    assert KEY not in app.output
    assert app.stayed_here()


def started(env):
    port = free_port()
    env = {**env, "GRADIO_SERVER_PORT": str(port)}
    return App(str(FOLDER / "app.py"), port=port, healthy="/", env=env)


def ask(page, question):
    field = page.get_by_test_id("textbox")
    field.fill(question)
    field.press("Enter")


def bill(page):
    """Wait for the line that says what the last answer took."""
    line = page.get_by_text(re.compile(r"EUR · \d+ tokens in")).last
    line.wait_for()
    return line.inner_text()


def euros(text):
    return float(re.search(r"([\d.]+) EUR", text)[1])


def attach(page, name, kind, data):
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": kind, "buffer": data}
    )
    page.get_by_label("Remove file").first.wait_for()


def test_tokens_stream_in_and_are_paid_for(page, box):
    box.script([{"content": COUNT, "reasoning": "Je compte."}])
    record(page, LOG)
    ask(page, "Compte")
    seen = states(page, "dix-neuf vingt.")
    growing = [text for text in seen if "un deux" in text and "vingt." not in text]
    assert len(growing) >= 2
    assert euros(bill(page)) > 0
    assert KEY not in page.content()


def test_reasoning_is_shown_while_it_comes_and_folded_afterwards(page, box):
    thought = "Je pèse le pour et le contre, longuement, avant de répondre."
    box.script([{"content": "Oui, un deux trois.", "reasoning": thought}])
    record(page, LOG)
    ask(page, "Alors ?")
    seen = states(page, "un deux trois.")
    assert any("Je pèse" in text and "Oui" not in text for text in seen)
    bill(page)
    page.get_by_text(thought).wait_for(state="hidden")
    page.get_by_role("button", name=re.compile("Reasoning")).click()
    page.get_by_text(thought).wait_for()


def pick_model(page, name):
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name=re.compile(f"^{re.escape(name)}")).click()


def test_picked_model_answers(page, box):
    pick_model(page, "qwen3.6:27b")
    ask(page, 'Say "Bonjour"')
    bill(page)
    assert box.requests[-1].json["model"] == "qwen3.6:27b"


def test_picked_model_with_vision_sees_a_picture(page, box):
    pick_model(page, "qwen3.6:27b")
    attach(page, "point.png", "image/png", png())
    ask(page, "What is in the picture?")
    bill(page)
    assert box.requests[-1].json["model"] == "qwen3.6:27b"


def test_example_question_is_answered(page, box):
    page.get_by_role("button", name=re.compile("Why can the answer")).click()
    bill(page)
    assert box.requests[-1].json["model"] == "gpt-oss:120b"


def test_a_picture_goes_to_a_model_that_sees(page, box):
    attach(page, "point.png", "image/png", png())
    ask(page, "What is in the picture?")
    bill(page)
    body = box.requests[-1].json
    assert body["model"] == "gemma4:31b"
    words, picture_part = body["messages"][-1]["content"]
    assert words == {"type": "text", "text": "What is in the picture?"}
    assert picture_part["image_url"]["url"].startswith("data:image/png;base64,")


def test_a_recording_is_written_down_and_answered(page, box):
    attach(page, "note.wav", "audio/wav", wav())
    ask(page, "")
    assert euros(bill(page)) >= 0.01  # a started minute
    heard, chat = list(box.requests)[-2:]
    assert heard.path == "/v1/audio/transcriptions"
    page.get_by_role("button", name=re.compile("Heard")).click()
    page.get_by_text(chat.json["messages"][-1]["content"], exact=True).wait_for()


def test_the_next_question_knows_the_last_answer_but_no_bill(page, box):
    ask(page, 'Say "Bonjour"')
    bill(page)
    ask(page, 'Say "Encore"')
    page.get_by_text("Encore", exact=True).last.wait_for()
    page.get_by_text(re.compile(r"EUR · \d+ tokens in")).nth(1).wait_for()
    said = [(one["role"], one["content"]) for one in box.requests[-1].json["messages"]]
    assert said == [
        ("user", 'Say "Bonjour"'),
        ("assistant", "Bonjour"),
        ("user", 'Say "Encore"'),
    ]


def test_stopping_closes_the_connection_and_keeps_what_came(page, box):
    box.script([{"content": "mot " * 400}])
    record(page, LOG)
    ask(page, "Beaucoup")
    states(page, "mot mot mot")
    page.get_by_role("button", name="Stop").click()
    eventually(lambda: box.requests[-1].disconnected)
    assert "mot mot mot" in page.locator(LOG).inner_text()


def test_an_error_says_what_it_is_and_what_to_do(page, box):
    body = {"error": {"message": f"The key {KEY} is over its limit.", "code": "rate_limit"}}
    box.script([{"status": 429, "headers": {"retry-after": "90"}, "json": body}])
    ask(page, "Bonjour")
    page.get_by_text("RateLimitError").wait_for()
    page.get_by_text("Wait and retry").wait_for()
    assert KEY not in page.content()


def test_the_browser_knows_no_other_address(page, box):
    violation = """() => new Promise(resolve => {
        document.addEventListener("securitypolicyviolation", e => resolve(e.blockedURI));
        fetch("http://127.0.0.1:9/upload").catch(() => {});
    })"""
    assert page.evaluate(violation) == "http://127.0.0.1:9/upload"
    attach(page, "point.png", "image/png", png())
    ask(page, 'Say "vu"')
    bill(page)
    assert not page.get_by_label("Share").is_visible()


def test_an_answer_cannot_make_the_browser_call_somebody(page, box):
    pictures = "![](https://example.org/?secret) <img src='https://example.org/?more'>"
    box.script([{"content": f"Voici {pictures} et voilà"}])
    ask(page, "Montre")
    page.get_by_text("et voilà").wait_for()
    bill(page)


def test_without_a_key_it_runs_on_its_own_sandbox(browser):
    with started({}) as alone, visiting(browser, alone.url) as page:
        page.get_by_text("embedded sandbox").wait_for()
        attach(page, "point.png", "image/png", png())
        ask(page, 'Say "Un point rouge, au milieu"')
        bill(page)
        page.get_by_role("button", name=re.compile("EUR")).click()
        page.get_by_text("machine: ma").wait_for()
        picture(page, FOLDER / "screenshot.png")
        assert alone.stayed_here()


def png(size=64):
    """Return a picture: a red point on white."""
    rows = b"".join(b"\0" + b"".join(_pixel(x, y, size) for x in range(size)) for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _pixel(x, y, size):
    inside = (x - size / 2) ** 2 + (y - size / 2) ** 2 < (size / 3) ** 2
    return b"\xc8\x28\x28" if inside else b"\xff\xff\xff"


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def wav(seconds=2, rate=8000):
    """Return silence."""
    data = bytes(2 * rate * seconds)
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt \x10\0\0\0"
        + form
        + (b"data" + struct.pack("<I", len(data)) + data)
    )
