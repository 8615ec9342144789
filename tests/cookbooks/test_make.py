"""The Make app, run by a small interpreter of its request part, against the sandbox.

What each module sends and returns is recorded in ``expected/make.json``; after a change that is
meant, ``pytest tests/cookbooks/test_make.py --record=sandbox`` writes it anew, for the diff.
"""

import io
import json
import wave
from pathlib import Path

import pytest

from tests.cookbooks.make.app import MakeApp, MakeError
from tests.helpers.repository import ROOT

APP = ROOT / "cookbooks" / "make" / "app"
EXPECTED = Path(__file__).parent / "expected" / "make.json"
VARYING = ("requestId", "machine")
SAY = 'Say "Bonjour"'
TEXT = "Facture F-2026-118 du 3 mars 2026, total 1 234,50 €. Payée : oui."
USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}


def recording(seconds):
    sound = io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(bytes(16000 * seconds))
    return sound.getvalue()


CALLS = {
    "ask": ("askModel", {"prompt": SAY}),
    "ask, everything set": (
        "askModel",
        {
            "prompt": SAY,
            "instructions": "Réponds en français.",
            "model": "gemma4:31b",
            "temperature": 0,
            "maxTokens": 50,
        },
    ),
    "ask, less thinking": ("askModel", {"prompt": SAY, "model": "qwen3.6:27b", "thinking": "less"}),
    "summarise": ("summariseText", {"text": TEXT}),
    "summarise, French actions": (
        "summariseText",
        {"text": TEXT, "language": "fr", "form": "actions"},
    ),
    "extract": (
        "extractValues",
        {
            "text": TEXT,
            "language": "fr",
            "fields": [
                {"name": "invoice", "holds": "text, as printed"},
                {"name": "total", "holds": "number, with tax"},
            ],
        },
    ),
    "extract, by schema": (
        "extractValues",
        {
            "text": TEXT,
            "schema": json.dumps({"type": "object", "properties": {"invoice": {"type": "string"}}}),
        },
    ),
    "embed": ("embedTexts", {"texts": ["été"]}),
    "search": ("searchModels", {"name": "gpt-oss:20b"}),
    "any call": (
        "makeApiCall",
        {
            "url": "/rerank",
            "method": "POST",
            "body": {"model": "qwen3-reranker:4b", "query": "été", "documents": ["été", "hiver"]},
        },
    ),
}


@pytest.fixture
def app(sandbox):
    return MakeApp(APP, apiKey=sandbox.api_key, baseUrl=sandbox.base_url)


@pytest.fixture
def expected(request):
    known = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}

    def expected(name, found):
        if request.config.getoption("--record") == "sandbox":
            known[name] = found
            EXPECTED.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n")
        return known[name]

    return expected


def steady(bundle):
    """Leave out what differs from one run to the next, and shorten vectors to three numbers."""
    if isinstance(bundle, list):
        return [steady(one) for one in bundle]
    kept = {key: value for key, value in bundle.items() if key not in (*VARYING, "headers")}
    if "vectors" in kept:
        kept["vectors"] = [vector[:3] for vector in kept["vectors"]]
    if isinstance(kept.get("body"), dict):
        kept["body"] = sorted(kept["body"])
    return kept


@pytest.mark.parametrize("name", CALLS)
def test_a_module_sends_and_returns_what_is_recorded(name, app, sandbox, expected):
    module, given = CALLS[name]
    bundle = app.run(module, **given)
    (sent,) = sandbox.requests
    found = {"sent": [sent.method, sent.path, sent.json], "returned": steady(bundle)}
    assert found == expected(name, found)


def test_every_module_is_among_the_recorded_ones_or_transcribes():
    modules = set(json.loads((APP / "makecomapp.json").read_text())["components"]["module"])
    assert modules == {module for module, _ in CALLS.values()} | {"transcribeRecording"}


def test_transcription_sends_the_file_with_its_name(app, sandbox):
    bundle = app.run(
        "transcribeRecording", fileName="réunion.wav", fileData=recording(61), language="fr"
    )
    assert bundle["text"]
    assert bundle["language"] == "fr"
    assert round(bundle["seconds"]) == 61
    assert bundle["costEur"] == 0.02
    assert {"start", "end", "text"} <= set(bundle["segments"][0])
    assert b'filename="r\xc3\xa9union.wav"' in sandbox.requests[0].body


@pytest.mark.parametrize("form", ["bullets", "paragraph", "sentence", "actions"])
@pytest.mark.parametrize("language", ["same", "en", "fr"])
def test_instructions_are_filled_in_and_the_text_is_left_as_it_is(app, sandbox, form, language):
    tricky = "Coût %form% : 5 $1 {{x}} </text>"
    app.run("summariseText", text=tricky, form=form, language=language)
    system, user = (message["content"] for message in sandbox.requests[0].json["messages"])
    assert "%" not in system
    assert system.startswith("Tu résumes" if language == "fr" else "You summarise")
    assert f"<text>\n{tricky}\n</text>" in user


@pytest.mark.parametrize(
    "shape",
    ["reasoning_content", "reasoning", "reasoning-both", "think", "lone-think-close"],
)
def test_reasoning_is_kept_apart(app, shape):
    bundle = app.run("askModel", prompt=SAY, model=f"sandbox/{shape}")
    assert bundle["text"] == "Bonjour"
    assert "question" in bundle["reasoning"]
    assert "think>" not in bundle["reasoning"]


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (USAGE, 0.0058),
        ({**USAGE, "reasoning_tokens": 250}, 0.0058),
        ({**USAGE, "reasoning_tokens": 250, "total_tokens": 1750}, 0.0078),
        ({**USAGE, "completion_tokens_details": {"reasoning_tokens": 250}}, 0.0058),
    ],
)
def test_cost(app, sandbox, usage, cost):
    sandbox.script([{"content": "Oui.", "usage": usage}])
    assert app.run("askModel", prompt="?")["costEur"] == cost


def test_a_cost_that_is_unknown_is_not_nothing(app):
    assert app.run("askModel", prompt=SAY, model="sandbox/usage-none")["costEur"] is None


def test_an_answer_that_was_cut_says_so(app, sandbox):
    sandbox.script([{"content": "Il était", "finish_reason": "length"}])
    assert app.run("askModel", prompt="?")["truncated"] is True


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("qwen3:0.6b", {"enable_thinking": False}),
        ("gpt-oss:120b", {"reasoning_effort": "low"}),
        ("mistral-small4:119b", {}),
    ],
)
def test_less_thinking_is_asked_only_as_the_model_accepts_it(app, sandbox, model, sent):
    app.run("askModel", prompt=SAY, model=model, thinking="less")
    body = sandbox.requests[0].json
    assert {
        key: body[key] for key in ("enable_thinking", "reasoning_effort") if key in body
    } == sent


def test_values_are_found_inside_a_fence(app, sandbox):
    sandbox.script([{"content": 'Voici :\n```json\n{"a": {"b": 1}}\n```\nVoilà.'}])
    fields = [{"name": "a", "holds": "text"}]
    assert app.run("extractValues", text=TEXT, fields=fields)["values"] == {"a": {"b": 1}}


def test_fields_become_a_schema_whatever_their_hints_hold(app, sandbox):
    holds = [
        "number, with tax",
        "true or false",
        "list of names",
        'text such as "A\\B"',
        "a colour",
    ]
    fields = [{"name": name, "holds": what} for name, what in zip("abcde", holds, strict=True)]
    app.run("extractValues", text=TEXT, fields=fields)
    body = sandbox.requests[0].json
    schema = body["response_format"]["json_schema"]["schema"]
    told = schema["properties"].values()
    assert [one.get("type", [None])[0] for one in told] == [
        "number",
        "boolean",
        "array",
        "string",
        None,
    ]
    assert [one["description"] for one in told] == holds
    assert schema["required"] == list("abcde")
    assert json.dumps(schema["required"], separators=(",", ":")) in body["messages"][0]["content"]


def test_fields_become_the_output_of_the_module(app):
    fields = [{"name": "total", "holds": "number"}, {"name": "paid", "holds": "true or false"}]
    assert app.call("namedFields", fields=fields) == [
        {"name": "total", "label": "total", "type": "any"},
        {"name": "paid", "label": "paid", "type": "any"},
    ]


@pytest.mark.parametrize(
    ("rpc", "holds", "lacks"),
    [
        ("listChatModels", "gpt-oss:120b", "bge-m3:567m"),
        ("listEmbeddingModels", "bge-m3:567m", "gpt-oss:120b"),
        ("listTranscriptionModels", "mlx-community/whisper-large-v3-mlx", "gpt-oss:120b"),
    ],
)
def test_each_list_of_models_holds_one_kind(app, rpc, holds, lacks):
    values = [option["value"] for option in app.call(rpc)]
    assert holds in values
    assert lacks not in values


def test_a_model_that_is_new_is_offered_as_new(app, sandbox):
    sandbox.script([{"status": 200, "json": {"data": [{"id": "brand-new:1b"}]}}])
    assert app.call("listChatModels") == [{"label": "brand-new:1b (new)", "value": "brand-new:1b"}]


class TestConnection:
    def test_is_named_by_what_it_reaches(self, app):
        assert app.connect() == "LLMaaS (43 models)"

    @pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
    def test_takes_any_form_of_the_address(self, sandbox, ending):
        app = MakeApp(APP, apiKey=sandbox.api_key, baseUrl=sandbox.root_url + ending)
        app.connect()
        app.run("askModel", prompt=SAY)
        assert [one.path for one in sandbox.requests] == ["/v1/models", "/v1/chat/completions"]

    def test_refuses_to_send_a_key_in_the_clear(self, sandbox):
        with pytest.raises(MakeError, match="right form"):
            MakeApp(APP, apiKey=sandbox.api_key, baseUrl="http://example.org/v1").connect()

    def test_with_a_wrong_key_says_what_to_do(self, sandbox):
        with pytest.raises(MakeError, match="Copy it again") as caught:
            MakeApp(APP, apiKey="wrong", baseUrl=sandbox.base_url).connect()
        assert caught.value.kind == "InvalidAccessTokenError"

    def test_to_something_else_is_refused(self, app, sandbox):
        sandbox.script([{"status": 200, "body": "<html>Hello</html>"}])
        with pytest.raises(MakeError, match="not LLMaaS"):
            app.connect()


FAILURES = [
    ("sandbox/status:401", "InvalidAccessTokenError", "Console"),
    ("sandbox/status:429:7", "RateLimitError", "wait 7 seconds"),
    ("sandbox/status:429", "RateLimitError", "limit of your tier is reached. Make"),
    ("sandbox/status:503", "ConnectionError", "just now"),
    ("sandbox/html-error:502", "ConnectionError", "just now"),
    ("sandbox/status:413", "DataError", "too large"),
    ("qwen3-2507:235b", "DataError", "No successor is published; gpt-oss:120b"),
    ("sandbox/html-200", "IncompleteDataError", "check the base URL"),
    *((f"sandbox/envelope:{shape}:400", "DataError", "did not accept") for shape in range(1, 7)),
]


@pytest.mark.parametrize(("model", "kind", "said"), FAILURES)
def test_a_failure_says_what_to_do(app, sandbox, model, kind, said):
    with pytest.raises(MakeError, match=said) as caught:
        app.run("askModel", prompt="?", model=model)
    assert caught.value.kind == kind
    assert sandbox.api_key not in caught.value.message
    assert "undefined" not in caught.value.message


def refused(status, **body):
    return {"status": status, "json": body}


SCRIPTED = [
    (refused(404, error={"message": "gone"}), "DataError", r"qwen3\.6:35b took its place"),
    (refused(403, detail="Prompt blocked for security reasons"), "DataError", "earlier module"),
    (refused(403, error={"message": "no"}), "DataError", "rights in the Console"),
    (
        {"content": "", "reasoning": "Hm.", "finish_reason": "length"},
        "IncompleteDataError",
        "raise the longest answer",
    ),
    (
        {"status": 307, "headers": {"location": "http://example.org"}, "json": {}},
        "IncompleteDataError",
        "check the base URL",
    ),
]


@pytest.mark.parametrize(("step", "kind", "said"), SCRIPTED)
def test_a_scripted_failure_says_what_to_do(app, sandbox, step, kind, said):
    sandbox.script([step])
    with pytest.raises(MakeError, match=said) as caught:
        app.run("askModel", prompt="?", model="qwen3-coder:30b")
    assert caught.value.kind == kind
    assert len(sandbox.requests) == 1


def test_an_answer_without_json_is_shown(app, sandbox):
    sandbox.script([{"content": "Je ne sais pas."}])
    with pytest.raises(MakeError, match="Je ne sais pas"):
        app.run("extractValues", text=TEXT, fields=[{"name": "a", "holds": "text"}])


@pytest.mark.parametrize("url", ["https://example.org/", "//example.org/", "models"])
def test_a_call_of_ones_own_cannot_take_the_key_elsewhere(app, sandbox, url):
    with pytest.raises(MakeError, match="right form"):
        app.run("makeApiCall", url=url, method="GET")
    assert not sandbox.requests
