"""Files of ``llmaas probe``: page, profile, cassettes."""

import json
import re
import sys
from importlib.metadata import metadata

import pytest

from llmaas import LLMaaS, catalog
from llmaas.catalog import Profile
from llmaas_cli.commands import main
from llmaas_cli.probe.scrub import scrub, scrub_body
from tests.helpers.cassettes.format import canonical_text, read
from tests.helpers.cassettes.probe_replay import KEY, replaying

FEW = ("--only", "errors", "--only", "windows", "--only", "reasoning", "-m", "gpt-oss:120b")


@pytest.fixture(autouse=True)
def packaged_catalog():
    catalog.reset()
    yield
    catalog.reset()


def probe(*arguments):
    try:
        main(["probe", *arguments])
    except SystemExit as leave:
        return leave.code
    return 0


def test_page_is_self_contained_and_escapes_what_servers_say(sandbox, tmp_path):
    page = tmp_path / "report.html"
    refusal = {"error": {"message": "<script>alert(1)</script>"}}
    sandbox.script([{"status": 400, "json": refusal, "path": "/v1/chat/completions"}])
    probe("--only", "unknown-parameter", "-m", "gemma4:31b", "--page", str(page))
    text = page.read_text()
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert not re.search(r"(src|href)=|@import|url\(", text)
    assert sandbox.api_key not in text


def test_saved_profile_has_what_was_measured(sandbox, tmp_path):
    file = tmp_path / "profile.json"
    probe(*FEW, "--save", str(file), "--json")
    profile = Profile.read(file)
    assert profile.model_name_error == 404
    assert profile.key_error_type == "authentication_error"
    assert profile.limits_prompt_plus_output
    assert profile.models["gpt-oss:120b"].context_window == 131_072
    assert profile.models["gpt-oss:120b"].reasoning_field == "reasoning_content"


def test_client_uses_the_saved_window(sandbox, tmp_path):
    file = tmp_path / "profile.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMAAS_API_KEY", sandbox.api_key)
        sandbox.script([{"fault": "window:4096", "path": "/v1/chat/completions"}])
        probe("--only", "window", "-m", "gemma4:31b", "--save", str(file), "--json")
    with LLMaaS(profile=str(file)) as client:
        client.chat("Hello", model="gemma4:31b")
    assert sandbox.requests[-1].json["max_tokens"] < 4096


def test_recorded_cassettes_are_canonical_and_without_secrets(sandbox, tmp_path):
    folder = tmp_path / "cassettes"
    probe(*FEW, "--record", str(folder), "--source", "sandbox", "--json")
    files = sorted(folder.glob("*.yaml"))
    assert {"errors.yaml", "reasoning.yaml", "windows.yaml"} <= {file.name for file in files}
    for file in files:
        text, document = file.read_text(), read(file)
        assert document["recorded"] == "sandbox"
        assert canonical_text(document) == text
        assert not re.search(r"Bearer |\bsk-|cookie|127\.0\.0\.1|localhost", text)
        assert len(text) < 64 * 1024


def test_recorded_run_replays_with_the_same_verdicts(sandbox, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "cassettes"
    arguments = (*FEW, "--only", "models", "--json")
    probe(*arguments, "--record", str(folder))
    recorded = verdicts(capsys)
    with replaying(folder) as url:
        monkeypatch.setenv("LLMAAS_BASE_URL", url)
        monkeypatch.setenv("LLMAAS_API_KEY", KEY)
        probe(*arguments)
    assert verdicts(capsys) == recorded


def verdicts(capsys):
    report = json.loads(capsys.readouterr().out)
    return {(each["probe"], each["model"]): each["verdict"] for each in report["results"]}


def test_record_names_its_extra_before_anything_is_sent_when_yaml_is_missing(
    sandbox, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert probe("--only", "wrong-key", "--record", str(tmp_path / "x")) == 2
    assert "llmaas-cli[record]" in " ".join(capsys.readouterr().err.split())
    assert not sandbox.requests
    assert "record" in metadata("llmaas-cli").get_all("Provides-Extra")


def test_scrub_hides_all_texts_but_those_of_known_fields():
    said = {"id": "a", "organization": "acme", "backend": {"machine_name": "ma02"}, "n": 1}
    assert scrub(said) == {
        "id": "a",
        "organization": "***",
        "backend": {"machine_name": "***"},
        "n": 1,
    }


def test_scrub_hides_keys_that_a_service_echoes():
    body = b'{"error": {"message": "Incorrect key sk-abc...xyz at 127.0.0.1"}}'
    assert b"sk-" not in scrub_body(body)
    assert b"127.0.0.1" not in scrub_body(body)
    event = b'data: {"choices": [], "user": "bob"}\n\ndata: [DONE]\n\n'
    assert scrub_body(event) == b'data: {"choices":[],"user":"***"}\n\ndata: [DONE]\n\n'
