"""The Streamlit app in a real browser, before a sandbox that can be scripted and looked at."""

import re

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

needs("streamlit", "playwright", "pypdfium2")

FOLDER = COOKBOOKS / "streamlit"
KEY = "sk-test-canary-0123456789"
COUNT = (
    "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf vingt."
)
HANDBOOK = "\n\n".join(
    [
        "# Visitor handbook",
        "## Opening hours\n\nThe reading room opens at nine and closes at seven in the evening.",
        "## Lockers\n\nThe lockers in the basement need a two euro coin, which is returned.",
        "## Cloakroom\n\nUmbrellas stay in the cloakroom beside the entrance.",
    ]
)


@pytest.fixture(scope="module")
def box():
    with Sandbox(tokens_per_second=25, api_keys=(KEY,)) as running:
        yield running


@pytest.fixture(scope="module")
def app(box):
    env = {"LLMAAS_API_KEY": KEY, "LLMAAS_BASE_URL": box.base_url}
    with started(env) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with browsing() as running:
        yield running


@pytest.fixture
def page(browser, app, box):
    box.reset()
    with visiting(browser, app.url) as opened:
        opened.get_by_test_id("stChatInputTextArea").wait_for()
        yield opened
    assert KEY not in app.output
    assert app.stayed_here()


def started(env):
    port = free_port()
    command = ["-m", "streamlit", "run", str(FOLDER / "app.py"), f"--server.port={port}"]
    return App(*command, port=port, healthy="/_stcore/health", env=env)


def ask(page, question):
    field = page.get_by_test_id("stChatInputTextArea")
    field.fill(question)
    field.press("Enter")


def answer(page):
    return page.get_by_test_id("stChatMessage").last


def at_rest(page):
    """Wait for the line below an answer that says what it took."""
    line = answer(page).get_by_test_id("stCaptionContainer").last
    line.filter(has_text="EUR").wait_for()
    return line.inner_text()


def euros(text):
    return float(re.search(r"([\d.]+) EUR", text)[1])


def test_tokens_stream_in_and_are_paid_for(page, box):
    box.script([{"content": COUNT, "reasoning": "Je compte."}])
    record(page, "[data-testid=stChatMessage]")
    ask(page, "Compte")
    seen = states(page, "dix-neuf vingt.")
    growing = [text for text in seen if "un deux" in text and "vingt." not in text]
    assert len(growing) >= 2
    assert any("Je compte." in text for text in seen)
    assert euros(at_rest(page)) > 0
    assert euros(page.get_by_test_id("stMetric").first.inner_text()) == euros(at_rest(page))
    (thought,) = answer(page).get_by_test_id("stExpander").all()
    assert "Je compte." not in thought.inner_text()
    thought.click()
    thought.get_by_text("Je compte.").wait_for()
    assert KEY not in page.content()


def test_headings_of_documents_are_shown_as_text(page, box):
    heading = "Lockers ![spy](http://127.0.0.1:9/spy.png) :material/home: \u202e$x^2$"
    upload(page, "evil [a](b).md", f"# {heading}\n\nThe lockers need a two euro coin.".encode())
    ask(page, "Which coin do the lockers need?")
    at_rest(page)
    sources = answer(page).get_by_test_id("stExpander").filter(has_text="Sources")
    sources.click()
    shown = sources.get_by_text("evil").first
    shown.wait_for()
    assert "![spy](http://127.0.0.1:9/spy.png) :material/home:" in sources.inner_text().replace(
        "\u2060", ""
    )
    assert sources.locator("img, a, .katex").count() == 0


def test_a_document_is_searched_and_cited(page, box):
    upload(page, "handbook.md", HANDBOOK.encode())
    ask(page, "Which coin do the lockers need?")
    assert euros(at_rest(page)) > 0
    assert "two euro coin" in answer(page).inner_text()
    sources = answer(page).get_by_test_id("stExpander").filter(has_text="Sources")
    sources.click()
    sources.get_by_text("handbook.md").first.wait_for()
    assert "Lockers" in sources.inner_text()
    paths = [request.path for request in box.requests]
    assert paths[-2:] == ["/v2/rerank", "/v1/chat/completions"]
    assert "kWh" in page.get_by_test_id("stMetric").last.inner_text()
    cost, tokens_in, tokens_out, ranked, _ = page.get_by_test_id("stMetricValue").all_inner_texts()
    paid = int(tokens_in) * 1.8 + int(tokens_out) * 8 + int(ranked) * 4
    assert euros(cost) * 1_000_000 == pytest.approx(paid, abs=3)
    ask(page, "When does the reading room close?")
    page.get_by_text("closes at seven").wait_for()
    at_rest(page)
    earlier = box.requests[-1].json["messages"][1:3]
    assert [one["role"] for one in earlier] == ["user", "assistant"]
    picture(page, FOLDER / "screenshot.png")


def test_a_pdf_is_read_page_by_page(page):
    upload(page, "minutes.pdf", pdf("The council meets in Marseille on the ninth of March."))
    ask(page, "Where does the council meet?")
    at_rest(page)
    assert "Marseille" in answer(page).inner_text()
    answer(page).get_by_test_id("stExpander").filter(has_text="Sources").click()
    answer(page).get_by_text("Page 1").wait_for()


def test_a_file_that_holds_no_text_is_told(page):
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 broken"}
    )
    page.get_by_text("scan.pdf: the PDF cannot be read").wait_for()


def test_stopping_closes_the_connection_and_keeps_what_came(page, box):
    # Silent when the button is pressed: nothing is drawn anew before the stream is put away.
    box.script([{"content": "mot " * 400, "fault": "stall:2:8"}])
    record(page, "[data-testid=stChatMessage]")
    ask(page, "Beaucoup")
    states(page, "mot mot mot")
    page.get_by_role("button", name="Stop").click()
    answer(page).get_by_text("Stopped.").wait_for()
    assert "mot mot mot" in answer(page).inner_text()
    assert euros(at_rest(page)) > 0
    assert box.requests[-1].disconnected


def test_an_error_says_what_it_is_and_what_to_do(page, box):
    body = {"error": {"message": f"The key {KEY} is over its limit.", "code": "rate_limit"}}
    box.script([{"status": 429, "headers": {"retry-after": "90"}, "json": body}])
    ask(page, "Bonjour")
    shown = answer(page).get_by_test_id("stAlert")
    shown.wait_for()
    assert "RateLimitError" in shown.inner_text()
    assert "Wait and retry" in shown.inner_text()
    assert KEY not in page.content()


def test_a_broken_stream_shows_what_came_as_broken(page, box):
    box.script([{"content": "Un deux trois quatre cinq six sept huit.", "fault": "cut:4:rst"}] * 3)
    ask(page, "Compte")
    answer(page).get_by_test_id("stAlert").wait_for()
    assert "StreamInterrupted" in answer(page).inner_text()


def test_an_answer_cannot_make_the_browser_call_somebody(page, box):
    box.script(
        [{"content": "Voici ![tout](https://example.org/?secret) [lien](https://a.example)"}]
    )
    ask(page, "Montre")
    at_rest(page)
    assert "tout" in answer(page).inner_text()
    answer(page).get_by_role("link", name="lien").wait_for()


def test_the_picked_model_answers(page, box):
    page.get_by_test_id("stSelectbox").locator("input").click()
    page.get_by_role("option", name=re.compile("^gemma4:31b")).click()
    page.get_by_text("Google").wait_for()
    ask(page, 'Say "Bonjour"')
    assert "gemma4:31b" in at_rest(page)
    assert box.requests[-1].json["model"] == "gemma4:31b"


def test_example_question_is_answered_from_the_demo_documents(page, box):
    page.get_by_text("Use the demo's documents").click()
    page.get_by_text("can be cited").wait_for()
    page.get_by_role("button", name="Why can the answer").click()
    at_rest(page)
    assert "the content comes back empty" in answer(page).inner_text()
    answer(page).get_by_test_id("stExpander").filter(has_text="Sources").wait_for()
    assert page.get_by_role("button", name="Why can the answer").count() == 0


def test_upload_is_visible_on_a_phone(browser, app):
    with visiting(browser, app.url, width=390) as phone:
        phone.get_by_test_id("stFileUploaderDropzone").wait_for()
        box = phone.get_by_test_id("stFileUploaderDropzone").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_without_a_key_it_runs_on_its_own_sandbox(browser):
    with started({}) as alone, visiting(browser, alone.url) as page:
        page.get_by_text("embedded sandbox").wait_for()
        ask(page, 'Say "Bonjour"')
        at_rest(page)
        assert "Bonjour" in answer(page).inner_text()
        assert alone.stayed_here()


def upload(page, name, data):
    kind = "application/pdf" if name.endswith(".pdf") else "text/markdown"
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": kind, "buffer": data}
    )
    page.get_by_text("can be cited").wait_for()


def pdf(text):
    """Return a PDF of one page with one line of text."""
    drawing = f"BT /F1 12 Tf 40 100 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 200] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file, places = "%PDF-1.4\n", ["0000000000 65535 f "]
    for number, body in enumerate(objects, 1):
        places.append(f"{len(file):010} 00000 n ")
        file += f"{number} 0 obj\n{body}\nendobj\n"
    table = "\n".join([f"xref\n0 {len(places)}", *places])
    end = f"trailer\n<< /Size {len(places)} /Root 1 0 R >>\nstartxref\n{len(file)}\n%%EOF\n"
    return f"{file}{table}\n{end}".encode()
