"""Bubble: each call of the API Connector and each action of the plugin, against the sandbox."""

import importlib.util
import io
import json
import shutil
import subprocess
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.request import urlopen

import pytest

from tests.cookbooks.curl import paths, read, send
from tests.helpers.repository import ROOT

FOLDER = ROOT / "cookbooks" / "bubble"
CONNECTOR = json.loads((FOLDER / "connector" / "calls.json").read_text())
CALLS = {call["name"]: call for call in CONNECTOR["calls"]}
PLUGIN = json.loads((FOLDER / "plugin" / "plugin.json").read_text())
ACTIONS = {action["name"]: action for action in PLUGIN["actions"]}
SAY = 'Say "Bonjour"'
TEXT = "Facture F-2026-118 du 3 mars 2026, total 1 234,50 €."
KINDS = {"text": str, "number": int | float, "yes / no": bool}
USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}

each_call = pytest.mark.parametrize("name", CALLS)
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")


def recording(seconds=61):
    sound = io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(bytes(16000 * seconds))
    return sound.getvalue()


class TestConnector:
    def command(self, name):
        return read((FOLDER / "connector" / CALLS[name]["file"]).read_text())

    @each_call
    def test_a_call_answers_with_the_fields_that_the_page_names(self, name, sandbox):
        call, command = CALLS[name], self.command(name)
        answer = send(command, sandbox.root_url, sandbox.api_key, call["parameters"], recording(1))
        assert set(call["returns"]) <= paths(answer)

    @each_call
    def test_a_call_is_one_of_the_service(self, name, sandbox):
        command = self.command(name)
        assert command.url.startswith("https://api.ai.cloud-temple.com/v")
        path = command.url.removeprefix("https://api.ai.cloud-temple.com")
        with urlopen(f"{sandbox.root_url}/openapi.json") as answer:
            assert command.method.lower() in json.load(answer)["paths"][path]

    @each_call
    def test_every_place_has_an_example_to_initialise_with(self, name):
        assert self.command(name).places == set(CALLS[name]["parameters"])

    @each_call
    def test_the_key_goes_where_the_connector_keeps_it_private(self, name):
        keys = {key: value for key, value in self.command(name).headers.items() if "KEY" in value}
        kept = CONNECTOR["authentication"]
        assert keys == {kept["key_name"]: kept["key_value"]}

    def test_quotes_and_lines_of_a_visitor_do_not_break_the_body(self, sandbox):
        tricky = 'A "quote",\na line \\ and {"json": 1}'
        given = {**CALLS["Ask"]["parameters"], "question": tricky}
        send(self.command("Ask"), sandbox.root_url, sandbox.api_key, given)
        assert sandbox.requests[0].json["messages"][1]["content"] == tricky

    def test_streamed_call_yields_the_answer_in_pieces(self, sandbox):
        call = CALLS["Ask, streamed"]
        assert call["data_type"] == "Stream"
        sandbox.script([{"content": "Un deux trois quatre."}])
        command = self.command("Ask, streamed")
        chunks = send(command, sandbox.root_url, sandbox.api_key, call["parameters"])
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        pieces = [delta.get("content") or "" for delta in deltas]
        assert len(list(filter(None, pieces))) > 1
        assert "".join(pieces) == "Un deux trois quatre."

    def test_every_command_is_described(self):
        files = {path.name for path in (FOLDER / "connector").glob("*.curl")}
        assert files == {call["file"] for call in CALLS.values()}


def built():
    spec = importlib.util.spec_from_file_location("bubble_build", FOLDER / "plugin" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.copies()


BUILT = built()


@pytest.mark.parametrize("path", BUILT, ids=lambda path: path.name)
def test_what_is_pasted_is_built_from_the_parts_and_the_core(path):
    assert path.read_text() == BUILT[path], "run cookbooks/bubble/plugin/build.py"


@pytest.fixture(scope="module")
def runner():
    """A process that runs one action after the other."""
    command = ["node", str(FOLDER / "plugin" / "run.mjs")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, encoding="utf-8", **pipes) as process:
        yield process
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.fixture
def act(sandbox, runner):
    """Run an action as Bubble does, its keys pointing at the sandbox."""

    def act(name, /, keys=(), **properties):
        usual = {"LLMaaS API key": sandbox.api_key, "Base URL": sandbox.base_url}
        task = {"action": name, "properties": properties, "keys": {**usual, **dict(keys)}}
        print(json.dumps(task), file=runner.stdin, flush=True)
        told = runner.stdout.readline()
        assert sandbox.api_key not in told
        return json.loads(told)

    return act


@pytest.fixture(scope="module")
def kept_file():
    """A recording on loopback, as Bubble's storage would serve it; yields URL and headers seen."""
    seen = []

    class Storage(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            sound = recording() if self.path.endswith(".wav") else b"no sound"
            self.send_response(404 if "gone" in self.path else 200)
            self.send_header("content-length", str(len(sound)))
            self.end_headers()
            self.wfile.write(sound)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Storage) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", seen
        server.shutdown()
        thread.join()


EXAMPLES = {
    "ask": {"question": SAY},
    "summarise": {"text": TEXT, "language": "fr", "form": "actions"},
    "extract": {"text": TEXT, "fields": "invoice: text, as printed\ntotal: number, with tax"},
    "embed": {"text": "été"},
}


@needs_node
class TestPlugin:
    def check(self, name, returned):
        action = ACTIONS[name]
        promised = {**(PLUGIN["answer"] if "chat" in action["parts"] else {}), **action["returns"]}
        assert set(returned) == set(promised)
        for key, kind in promised.items():
            values = returned[key] if kind.endswith(", list") else [returned[key]]
            assert all(isinstance(value, KINDS[kind.removesuffix(", list")]) for value in values)

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_an_action_returns_what_the_editor_is_told(self, name, act):
        self.check(name, act(name, **EXAMPLES[name])["returned"])

    def test_transcription(self, act, kept_file, sandbox):
        address, seen = kept_file
        returned = act("transcribe", file=f"{address}r%C3%A9union.wav", spoken="fr")["returned"]
        self.check("transcribe", returned)
        assert round(returned["seconds"]) == 61
        assert returned["cost_eur"] == 0.02
        assert sandbox.api_key not in json.dumps(seen)
        assert "réunion.wav".encode() in sandbox.requests[0].body

    def test_a_recording_that_is_gone(self, act, kept_file):
        assert "cannot be fetched (404)" in act("transcribe", file=f"{kept_file[0]}gone")["error"]

    def test_what_is_sent(self, act, sandbox):
        act("ask", question=SAY, instructions="Sois bref.", model="qwen3.6:27b", thinking="less")
        assert sandbox.requests[0].json == {
            "model": "qwen3.6:27b",
            "messages": [
                {"role": "system", "content": "Sois bref."},
                {"role": "user", "content": SAY},
            ],
            "max_tokens": 4096,
            "enable_thinking": False,
        }

    def test_summary_instructions(self, act, sandbox):
        act("summarise", text="Coût : $& %form%", language="fr")
        system, user = (one["content"] for one in sandbox.requests[0].json["messages"])
        assert system.startswith("Tu résumes")
        assert "%" not in system
        assert "Coût : $& %form%" in user
        assert sandbox.requests[0].json["reasoning_effort"] == "low"

    @pytest.mark.parametrize(
        "shape", ["reasoning_content", "reasoning", "think", "lone-think-close"]
    )
    def test_reasoning_is_kept_apart(self, act, shape):
        returned = act("ask", question=SAY, model=f"sandbox/{shape}")["returned"]
        assert returned["text"] == "Bonjour"
        assert "question" in returned["reasoning"]

    @pytest.mark.parametrize(
        ("usage", "cost"),
        [
            (USAGE, 0.0058),
            ({**USAGE, "reasoning_tokens": 250}, 0.0058),
            ({**USAGE, "reasoning_tokens": 250, "total_tokens": 1750}, 0.0078),
        ],
    )
    def test_cost(self, act, sandbox, usage, cost):
        sandbox.script([{"content": "Oui.", "usage": usage}])
        assert act("ask", question="?")["returned"]["cost_eur"] == cost

    def test_values_after_one_correction_and_both_answers_counted(self, act, sandbox):
        usage = {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}
        right = {"invoice": "F-2026-118", "total": None}
        sandbox.script(
            [{"content": "Hm.", "usage": usage}, {"content": json.dumps(right), "usage": usage}]
        )
        returned = act("extract", **EXAMPLES["extract"])["returned"]
        assert returned["names"] == ["invoice", "total"]
        assert returned["values"] == ["F-2026-118", ""]
        assert json.loads(returned["values_json"]) == right
        assert returned["cost_eur"] == 0.0036
        assert "no JSON object" in sandbox.requests[1].json["messages"][-1]["content"]

    def test_kinds_become_a_schema(self, act, sandbox):
        kinds = "a: number, with tax\nb: true or false\nc: list of names\nd: date\ne: the rest"
        act("extract", text=TEXT, fields=kinds, model="sandbox/no-response-format")
        refused, taken = (one.json for one in sandbox.requests)
        schema = refused["response_format"]["json_schema"]["schema"]
        first = [one["type"][0] for one in schema["properties"].values()]
        assert first == ["number", "boolean", "array", "string", "string"]
        assert refused["temperature"] == taken["temperature"] == 0
        assert json.dumps(schema, separators=(",", ":")) in taken["messages"][0]["content"]
        assert "response_format" not in taken

    @pytest.mark.parametrize(
        ("step", "said"),
        [
            ({"status": 401, "json": {}}, "settings of the plugin"),
            ({"status": 404, "json": {"error": {"message": "gone"}}}, "qwen3.6:35b took its place"),
            ({"status": 403, "json": {"detail": "Prompt blocked"}}, "security check"),
            ({"status": 429, "headers": {"retry-after": "7"}, "json": {}}, "in 7 seconds"),
            ({"status": 429, "json": {}}, "in a minute"),
            ({"status": 502, "body": "<h1>Bad</h1>"}, "try again later"),
            ({"status": 200, "body": "<h1>Hello</h1>"}, "check the base URL"),
            ({"status": 307, "headers": {"location": "/x"}, "json": {}}, "could not be reached"),
            ({"content": "", "reasoning": "Hm.", "finish_reason": "length"}, "longest answer"),
        ],
    )
    def test_a_failure_says_what_to_do(self, act, sandbox, step, said):
        sandbox.script([step])
        assert said in act("ask", question="?", model="qwen3-coder:30b")["error"]
        assert len(sandbox.requests) == 1

    def test_a_key_that_the_service_repeats_is_hidden(self, act, sandbox):
        sandbox.script([{"status": 400, "json": {"error": {"message": sandbox.api_key}}}])
        assert "***" in act("ask", question="?")["error"]

    def test_a_key_is_not_sent_in_the_clear(self, act):
        told = act("ask", keys={"Base URL": "http://example.org"}, question="?")["error"]
        assert "must begin with https" in told

    def test_a_step_ends_before_bubble_repeats_it(self, act):
        told = act(
            "ask", keys={"Wait (seconds)": "0.3"}, question="?", model="sandbox/slow-headers:9"
        )
        assert "took too long" in told["error"]

    def test_fields_are_asked_for(self, act):
        assert "at least one field" in act("extract", text=TEXT, fields=" ")["error"]


def test_every_action_and_field_is_described():
    for action in PLUGIN["actions"]:
        assert set(action["fields"]) <= set(PLUGIN["fields"])
        code = "".join(
            (FOLDER / "plugin" / "parts" / f"{part}.js").read_text() for part in action["parts"]
        )
        used = {name for name in PLUGIN["fields"] if f"properties.{name}" in code}
        used |= {"instructions", "question"} & set(action["fields"])
        assert used == set(action["fields"])
