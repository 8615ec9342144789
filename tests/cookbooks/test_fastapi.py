"""The FastAPI backend: on the wire, with OpenAI's client, and its page in a real browser."""

import hashlib
import http.client
import json
import re
import time
from contextlib import closing, contextmanager

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

needs("fastapi", "uvicorn", "prometheus_client", "openai")

FOLDER = COOKBOOKS / "fastapi"
KEY = "sk-test-canary-0123456789"
USERS = {
    "zoe": {"eur": 5.0, "tokens_per_hour": 1_000_000},
    "poor": {"eur": 0.001, "tokens_per_hour": 1_000_000},
    "brief": {"eur": 5.0, "tokens_per_hour": 100},
}
MODEL = "gpt-oss:120b"
QUESTION = {"model": MODEL, "messages": [{"role": "user", "content": 'Say "Bonjour"'}]}
SLOW = {"content": "mot " * 200}  # about eight seconds
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture(scope="module")
def box():
    with Sandbox(tokens_per_second=25, api_keys=(KEY,)) as running:
        yield running


@pytest.fixture(scope="module")
def env(box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backend")
    users = folder / "users.toml"
    users.write_text("\n".join(account(name, **facts) for name, facts in USERS.items()))
    return {
        "LLMAAS_API_KEY": KEY,
        "LLMAAS_BASE_URL": box.base_url,
        "APP_USERS": str(users),
        "APP_LEDGER": str(folder / "ledger.db"),
        "APP_MAX_BODY_BYTES": "1000000",
        "APP_NOTICE_SECONDS": "0.2",
    }


@pytest.fixture(scope="module")
def server(env):
    with started(env) as running:
        yield running


@pytest.fixture
def app(server, box):
    box.reset()
    yield server
    assert KEY not in server.output
    assert server.stayed_here()


def account(name, eur, tokens_per_hour):
    mark = hashlib.sha256(f"{name}-token".encode()).hexdigest()
    lines = [f"[users.{name}]", f'token_sha256 = "{mark}"', f"eur = {eur}"]
    return "\n".join([*lines, f"tokens_per_hour = {tokens_per_hour}", ""])


def started(env):
    port = free_port()
    env = {**env, "APP_PORT": str(port)}
    return App(str(FOLDER), port=port, healthy="/health/ready", env=env)


@contextmanager
def sent(app, method, path, body=None, *, user="zoe", **headers):
    """Yield the raw response, its body unread."""
    address = app.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        if user:
            headers["authorization"] = f"Bearer {user}-token"
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"content-type": "application/json", **headers})
        yield connection.getresponse()


def ask(app, method, path, body=None, **options):
    """Return status, headers and JSON."""
    with sent(app, method, path, body, **options) as response:
        data = response.read()
        assert KEY.encode() not in data
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, response.headers, json.loads(data) if is_json else data.decode()


def complete(app, body=QUESTION, **options):
    return ask(app, "POST", "/v1/chat/completions", body, **options)


def data_lines(response):
    """Return what the events of a stream hold."""
    lines = (line.decode().strip() for line in response)
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def soon(found, seconds=20.0):
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def sdk(app):
    import openai

    with openai.OpenAI(base_url=f"{app.url}/v1", api_key="zoe-token", max_retries=0) as client:
        yield client


def test_openai_s_client_gets_a_whole_answer(sdk, box):
    box.script([{"content": "Oui.", "reasoning": "Hm.", "fault": "think"}])
    answer = sdk.chat.completions.create(**QUESTION)
    message = answer.choices[0].message
    assert (message.content, message.reasoning_content.strip()) == ("Oui.", "Hm.")
    assert answer.usage.total_tokens > 0
    assert answer.cost_eur > 0


def test_openai_s_client_gets_a_stream(sdk, box):
    box.script([{"content": "Un deux trois.", "reasoning": "Je compte."}])
    with sdk.chat.completions.create(
        **QUESTION, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "Un deux trois."
    thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    assert thought == "Je compte."
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens > 0
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("dialect", ["", "tool-no-index", "tool-same-index"])
def test_tool_calls_come_whole_in_one_dialect(sdk, box, dialect):
    calls = [{"name": "get_weather", "arguments": {"city": city}} for city in ("Paris", "Lyon")]
    box.script([{"tool_calls": calls, "fault": dialect}])
    joined = {}
    with sdk.chat.completions.create(**QUESTION, tools=[WEATHER], stream=True) as stream:
        for chunk in stream:
            for call in chunk.choices[0].delta.tool_calls or []:
                one = joined.setdefault(call.index, {"id": call.id, "arguments": ""})
                one["arguments"] += call.function.arguments
            end = chunk.choices[0].finish_reason
    assert end == "tool_calls"
    assert len({one["id"] for one in joined.values()}) == 2
    cities = [json.loads(one["arguments"])["city"] for one in joined.values()]
    assert cities == ["Paris", "Lyon"]


def test_what_we_do_not_know_travels_and_is_no_option_of_our_client(app, box):
    odd = {"top_k": 5, "timeout": 1e-9, "extra_headers": {"x-evil": "1"}, "deadline": 1e-9}
    assert complete(app, {**QUESTION, **odd})[0] == 200
    request = box.requests[-1]
    assert odd.items() <= request.json.items()
    assert "x-evil" not in request.headers


def test_nobody_gets_more_than_the_operator_allows(app, box):
    assert complete(app, {**QUESTION, "max_tokens": 1_000_000})[0] == 200
    assert box.requests[-1].json["max_tokens"] == 4_096


def test_files_of_the_server_cannot_be_asked_for(app, box):
    image = {"type": "image", "image": str(FOLDER.parent / "streamlit" / "screenshot.png")}
    body = {**QUESTION, "messages": [{"role": "user", "content": [image]}]}
    status, _, answer = complete(app, body)
    assert (status, answer["error"]["code"]) == (400, "invalid_request")
    assert not list(box.requests)


@pytest.mark.parametrize("user", [None, "nobody"])
def test_strangers_are_refused(app, box, user):
    for method, path in (("POST", "/v1/chat/completions"), ("POST", "/chat"), ("GET", "/usage")):
        status, headers, answer = ask(app, method, path, QUESTION, user=user)
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert answer["error"]["code"] == "invalid_token"
    assert not list(box.requests)


@pytest.mark.parametrize(
    ("upstream", "status", "code", "kind"),
    [
        (400, 400, "upstream_error", "BadRequestError"),
        (401, 502, "upstream_refused", "AuthenticationError"),
        (403, 502, "upstream_refused", "PermissionDeniedError"),
        (404, 404, "upstream_error", "NotFoundError"),
        (413, 413, "upstream_error", "PayloadTooLargeError"),
        (429, 429, "rate_limit_exceeded", "RateLimitError"),
        (501, 502, "upstream_failed", "InternalServerError"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_typed_and_become_a_status(app, box, upstream, status, code, kind, stream):
    body = {"error": {"message": f"no, {KEY}", "type": "t"}}
    box.script([{"status": upstream, "json": body, "headers": {"retry-after": "90"}}])
    given, headers, answer = complete(app, {**QUESTION, "stream": stream})
    assert (given, answer["error"]["code"], answer["error"]["type"]) == (status, code, kind)
    if upstream == 429:
        assert headers["retry-after"] == "90"


def test_an_unknown_model_is_told(app):
    status, _, answer = complete(app, {**QUESTION, "model": "no-such-model"})
    assert (status, answer["error"]["code"]) == (404, "model_not_found")


def test_a_body_that_cannot_be_read_is_told(app):
    status, _, answer = complete(app, {"model": MODEL, "messages": []})
    assert (status, answer["error"]["param"]) == (400, "messages")


def test_a_body_that_is_too_large_is_refused(app, box):
    large = [{"role": "user", "content": "x" * 2_000_000}]
    assert complete(app, {**QUESTION, "messages": large})[0] == 413
    assert not list(box.requests)


def test_a_path_that_is_none_is_told(app):
    status, _, answer = ask(app, "GET", "/v1/nothing")
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_a_budget_refuses_before_anything_is_sent(app, box):
    status, _, answer = complete(app, user="poor")
    assert (status, answer["error"]["code"]) == (402, "budget_exceeded")
    assert not list(box.requests)


def test_a_quota_refuses_before_anything_is_sent_and_says_when(app, box):
    small = {**QUESTION, "max_tokens": 100}
    assert complete(app, small, user="brief")[0] == 200
    status, headers, answer = complete(app, small, user="brief")
    assert (status, answer["error"]["code"]) == (429, "quota_exceeded")
    assert int(headers["retry-after"]) > 0
    assert len(list(box.requests)) == 1


def test_usage_tells_what_is_left_and_outlives_the_server(app, box, env):
    before = ask(app, "GET", "/usage")[2]
    cost = complete(app)[2]["cost_eur"]
    after = ask(app, "GET", "/usage")[2]
    assert after["spent_eur"] == pytest.approx(before["spent_eur"] + cost)
    with started(env) as another:
        assert ask(another, "GET", "/usage")[2] == after


def test_a_broken_stream_ends_with_an_error_and_never_looks_whole(app, box):
    box.script([{"content": "Un deux trois quatre cinq six.", "fault": "cut:4:rst"}])
    with sent(app, "POST", "/v1/chat/completions", {**QUESTION, "stream": True}) as response:
        *pieces, last = data_lines(response)
    assert pieces
    assert json.loads(last)["error"]["type"] == "StreamInterrupted"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat"])
def test_a_client_that_leaves_a_stream_cancels_upstream(app, box, path):
    box.script([SLOW])
    body = {**QUESTION, "stream": True, "question": "Beaucoup"}
    with sent(app, "POST", path, body) as response:
        response.readline()
        assert running(app) == 1
    soon(lambda: box.requests[-1].disconnected)
    soon(lambda: running(app) == 0)


def test_a_client_that_leaves_before_a_whole_answer_cancels_upstream(app, box):
    box.script([SLOW])
    address = app.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(address)) as connection:
        headers = {"content-type": "application/json", "authorization": "Bearer zoe-token"}
        connection.request("POST", "/v1/chat/completions", json.dumps(QUESTION), headers)
        soon(lambda: running(app) == 1 and len(box.requests))
    soon(lambda: box.requests[-1].disconnected)
    soon(lambda: running(app) == 0)


def running(app):
    return ask(app, "GET", "/health/ready")[2]["running"]


def test_what_was_cancelled_is_settled(app, box):
    box.script([SLOW])
    before = ask(app, "GET", "/usage")[2]["tokens_this_hour"]
    with sent(app, "POST", "/v1/chat/completions", {**QUESTION, "stream": True}) as response:
        response.readline()
    soon(lambda: 0 < ask(app, "GET", "/usage")[2]["tokens_this_hour"] - before < 1_000)


def test_metrics_count_requests_tokens_and_euros(app, box):
    before = figures(app)
    cost = complete(app)[2]["cost_eur"]
    complete(app, user="poor")
    after = figures(app)

    def grown(name):
        return after.get(name, 0) - before.get(name, 0)

    assert grown('app_requests_total{route="/v1/chat/completions",status="200"}') == 1
    assert grown('app_requests_total{route="/v1/chat/completions",status="402"}') == 1
    assert grown('llm_calls_total{outcome="ok",user="zoe"}') == 1
    assert grown('llm_calls_total{outcome="BudgetExceededError",user="poor"}') == 1
    assert grown('llm_tokens_total{direction="out",user="zoe"}') > 0
    assert grown('llm_cost_eur_total{user="zoe"}') == pytest.approx(cost)


def figures(app):
    lines = ask(app, "GET", "/metrics", user=None)[2].splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_models_are_listed(sdk):
    assert MODEL in [model.id for model in sdk.models.list()]


def test_running_streams_finish_and_new_ones_are_refused(env, box):
    box.reset()
    box.script([SLOW])
    with started(env) as app:
        with sent(app, "POST", "/v1/chat/completions", {**QUESTION, "stream": True}) as response:
            response.readline()
            app.terminate()
            soon(lambda: ask(app, "GET", "/health/ready", user=None)[0] == 503)
            assert ask(app, "GET", "/health/live", user=None)[0] == 200
            status, headers, answer = complete(app)
            assert (status, answer["error"]["code"]) == (503, "shutting_down")
            assert headers["retry-after"]
            *_, finish, end = data_lines(response)
        assert end == "[DONE]"
        assert json.loads(finish)["choices"][0]["finish_reason"] == "stop"
        assert app.ended() == 0
    assert len(list(box.requests)) == 2  # the question, and one look whether the service answers
    assert not box.requests[-1].disconnected


def test_a_server_whose_service_is_gone_is_live_but_not_ready(env):
    gone = {**env, "LLMAAS_BASE_URL": f"http://127.0.0.1:{free_port()}/v1"}
    port = free_port()
    app = App(str(FOLDER), port=port, healthy="/health/live", env={**gone, "APP_PORT": str(port)})
    with app:
        assert ask(app, "GET", "/health/ready", user=None)[0] == 503
        status, _, answer = complete(app)
        assert (status, answer["error"]["code"]) == (502, "upstream_error")


def test_uvicorn_can_serve_it_too(env):
    port = free_port()
    command = ["-m", "uvicorn", "--app-dir", str(FOLDER), "--factory", "app:create_app"]
    command += ["--port", str(port)]
    with App(*command, port=port, healthy="/health/ready", env=env) as app:
        assert complete(app)[0] == 200


@pytest.fixture(scope="module")
def browser():
    with browsing() as running_browser:
        yield running_browser


def test_the_page_streams_and_says_what_it_took(browser, app, box):
    box.script([{"content": "Un deux trois quatre cinq six sept.", "reasoning": "Je compte."}])
    with visiting(browser, app.url) as page:
        page.get_by_label("Token").fill("zoe-token")
        record(page, ".answer")
        say(page, "Compte")
        seen = states(page, "six sept.")
        assert len([text for text in seen if "Un deux" in text and "sept." not in text]) >= 2
        assert any("Je compte." in text for text in seen)
        assert re.search(r"0\.\d+ EUR · .* EUR left", bill(page))
        assert KEY not in page.content()


def test_stop_on_the_page_cancels_upstream(browser, app, box):
    box.script([SLOW])
    with visiting(browser, app.url) as page:
        page.get_by_label("Token").fill("zoe-token")
        record(page, ".answer")
        say(page, "Beaucoup")
        states(page, "mot mot")
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped.").wait_for()
        soon(lambda: box.requests[-1].disconnected)


def test_errors_are_shown_on_the_page(browser, app):
    with visiting(browser, app.url) as page:
        say(page, "Bonjour")
        page.get_by_text("invalid_token").wait_for()
        page.get_by_label("Token").fill("poor-token")
        say(page, "Bonjour")
        page.get_by_text("budget_exceeded").wait_for()


MARKDOWN = """# Title

Some **bold**, *italics* and `code`.

1. one
2. two
   - nested

| a | b |
|---|---|
| 1 | 2 |

```python
print("<b>")
```

[safe](https://a.example) and a last line"""

HOSTILE = (
    "<img src=https://evil.example/a.png onerror=alert(1)> <script>alert(1)</script> "
    "![pixel](https://evil.example/b.png) [x](javascript:alert(1)) [y](data:text/html,z) "
    '[q](https://ok.example/"onmouseover="alert(1)) the end'
)


def test_page_renders_markdown(browser, app, box):
    box.script([{"content": MARKDOWN}])
    with visiting(browser, app.url) as page:
        ask_on_page(page, "Format this")
        text = page.locator(".text")
        assert text.locator("h3").inner_text() == "Title"
        assert text.locator("strong").inner_text() == "bold"
        assert text.locator("ol > li > ul > li").inner_text() == "nested"
        assert text.locator("td").all_inner_texts() == ["1", "2"]
        assert text.locator("pre").inner_text() == 'print("<b>")'
        assert text.get_by_role("link").get_attribute("href") == "https://a.example"
        ask_on_page(page, "And now?", bills=2)
    assert box.requests[-1].json["messages"][1]["content"] == MARKDOWN


def test_page_runs_and_loads_nothing_when_an_answer_has_html(browser, app, box):
    box.script([{"content": HOSTILE}])
    with visiting(browser, app.url) as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        ask_on_page(page, "Attack")
        assert "<script>alert(1)</script>" in page.locator(".text").inner_text()
        assert (
            page.locator(".text :is(img, script, iframe, style, [onerror], [onmouseover])").count()
            == 0
        )
        targets = page.locator(".text a").evaluate_all("links => links.map(link => link.href)")
        assert all(target.startswith("https://") for target in targets)
        assert len(targets) == 2  # the picture became a link


def test_page_keeps_the_end_of_a_long_answer_in_view(browser, app, box):
    box.script([{"content": "\n\n".join(["ligne"] * 60)}])
    with visiting(browser, app.url, height=500) as page:
        ask_on_page(page, "Long")
        end = "document.documentElement.scrollHeight - scrollY - innerHeight"
        page.wait_for_function(f"{end} < 5")


def test_page_shows_plain_text_when_markdown_is_nested_too_deeply(browser, app, box):
    with visiting(browser, app.url) as page:
        deep = ">" * 20_000
        draw = "t => { const e = document.body; renderMarkdown(e, t); return e.innerText }"
        assert page.evaluate(draw, deep) == deep


def test_page_explains_an_empty_answer(browser, app, box):
    box.script([{"content": "", "reasoning": "Hm.", "finish_reason": "length"}])
    with visiting(browser, app.url) as page:
        ask_on_page(page, "Think")
        assert "max_tokens" in page.locator(".problem").inner_text()


def test_api_documentation_works_without_other_hosts(browser, app):
    with visiting(browser, app.url + "/docs") as page:
        page.get_by_text("/v1/chat/completions").first.wait_for()


def test_about_announces_no_token_when_the_service_answers(app):
    assert set(ask(app, "GET", "/about", user=None)[2]) == {"answered_by"}


def test_without_a_key_it_runs_on_its_own_sandbox(browser):
    with started({}) as alone, visiting(browser, alone.url, height=700) as page:
        page.get_by_text("embedded sandbox").wait_for()
        page.get_by_role("button", name="Why can the answer").click()
        assert "EUR" in bill(page)
        say(page, 'Say "**Bonjour** à tous"')
        page.locator(".bill").nth(1).wait_for()
        page.get_by_label("Token").fill("nobody")
        say(page, "Et moi ?")
        page.locator(".problem").wait_for()
        picture(page, FOLDER / "screenshot.png")
        assert alone.stayed_here()


def ask_on_page(page, question, bills=1):
    page.get_by_label("Token").fill("zoe-token")
    say(page, question)
    page.locator(".bill").nth(bills - 1).wait_for()


def say(page, question):
    page.get_by_placeholder("Ask something").fill(question)
    page.get_by_role("button", name="Send").click()


def bill(page):
    line = page.locator(".bill").last
    line.wait_for()
    return line.inner_text()
