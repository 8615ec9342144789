"""``llmaas probe`` against a sandbox: budget, selection, resumption, report."""

import json
from datetime import UTC, datetime

import pytest

from llmaas import catalog
from llmaas_cli.commands import main
from llmaas_sandbox import Sandbox

WEDNESDAY_NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
SMALL = ("--only", "errors", "--models", "mistral-small4:119b")


@pytest.fixture(autouse=True)
def packaged_catalog():
    catalog.reset()
    yield
    catalog.reset()


@pytest.fixture
def probe(capsys):
    def run(*arguments):
        code = 0
        try:
            main(["probe", *arguments])
        except SystemExit as leave:
            code = leave.code or 0
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def probe_json(probe):
    def run(*arguments):
        code, out, _ = probe("--json", *arguments)
        return code, json.loads(out)

    return run


def verdicts(report):
    return {each["probe"]: each["verdict"] for each in report["results"]}


def test_probe_uses_the_sandbox_and_says_so_when_no_key_is_set(probe):
    code, out, err = probe(*SMALL)
    assert code == 0
    assert "prove nothing about the service" in out.replace("\n", " ")
    assert "embedded sandbox" in err


def test_probe_announces_the_highest_cost_before_it_starts(probe, sandbox):
    _, _, err = probe(*SMALL)
    assert "at most 0." in err
    assert "the budget is 0.200000 EUR" in err


def test_probe_reports_json_when_asked(probe_json, sandbox):
    code, report = probe_json(*SMALL)
    assert code == 0
    assert verdicts(report)["unknown-model"] == "confirmed"
    assert report["cost_eur"] > 0
    assert not report["is_sandbox"]


def test_probe_sends_nothing_billed_when_the_budget_is_zero(probe_json, sandbox):
    _, report = probe_json("--only", "answer", "--budget", "0", "-m", "mistral-small4:119b")
    assert set(verdicts(report).values()) == {None}
    assert "budget" in report["results"][0]["follows"]
    assert {request.path for request in sandbox.requests} == {"/v1/models"}


def test_probe_never_spends_more_than_the_budget(probe_json, sandbox):
    _, report = probe_json("--only", "answers", "--only", "tools", "--budget", "0.003")
    assert 0 < report["cost_eur"] <= 0.003
    assert None in verdicts(report).values()


def test_probe_reserves_the_price_of_audio(probe_json, sandbox):
    _, report = probe_json("--only", "transcribe", "--audio", "--budget", "0.009")
    assert set(verdicts(report).values()) == {None}
    assert {request.path for request in sandbox.requests} == {"/v1/models"}
    _, report = probe_json("--only", "transcribe", "--audio", "--budget", "0.2")
    cost = {each["probe"]: each["cost_eur"] for each in report["results"]}
    assert cost == {"transcribe": 0.01, "transcribe-text": 0, "transcribe-bad-file": 0}


def test_probe_says_what_has_no_price_when_it_is_probed(probe, sandbox):
    _, _, err = probe("--only", "media", "--audio", "--images")
    assert "speech and images have no published price" in " ".join(err.split())
    _, _, err = probe("--only", "transcribe", "--audio")
    assert "no published price" not in err


def test_probe_sends_only_the_selected_probes(probe_json, sandbox):
    _, report = probe_json("--only", "wrong-key")
    assert set(verdicts(report)) == {"wrong-key", "wrong-key-chat"}


def test_probe_refuses_an_unknown_selection(probe, sandbox):
    code, _, err = probe("--only", "no-such-probe")
    assert code == 2
    assert "--list" in err


def test_probe_runs_each_named_model(probe_json, sandbox):
    models = ("gemma4:31b", "mistral-small4:119b")
    _, report = probe_json("--only", "window", "-m", models[0], "-m", models[1])
    assert {each["model"] for each in report["results"] if each["probe"] == "window"} == {*models}


def test_probe_takes_the_kind_of_an_unknown_model_from_its_argument(probe_json, sandbox):
    _, report = probe_json("--only", "embed-unit", "-m", "bge-m3:567m=embedding")
    assert verdicts(report) == {"embed-unit": "confirmed"}


def test_probe_resumes_from_its_checkpoint(probe_json, sandbox, tmp_path):
    file = tmp_path / "probe.jsonl"
    _, first = probe_json(*SMALL, "--checkpoint", str(file))
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:4]) + lines[4][:20])  # killed while it wrote
    sandbox.reset()
    _, second = probe_json(*SMALL, "--checkpoint", str(file))
    assert verdicts(second) == verdicts(first)
    assert len(sandbox.requests) == len(first["results"]) - 3 + 1  # and the model list
    assert len(file.read_text().splitlines()) == len(lines)


def test_resumed_run_reads_the_results_of_its_batch(probe_json, tmp_path, monkeypatch):
    """A service that works at night only: the results come in a run of the next day."""
    file = ("--checkpoint", str(tmp_path / "run.jsonl"))
    arguments = ("--only", "batch", "-m", "mistral-small4:119b", *file)
    with Sandbox(batch_night_only=True, frozen_at=WEDNESDAY_NOON) as box:
        monkeypatch.setenv("LLMAAS_BASE_URL", box.base_url)
        monkeypatch.setenv("LLMAAS_API_KEY", box.api_key)
        _, report = probe_json(*arguments)
        row = {each["probe"]: each for each in report["results"]}["batch-results"]
        assert row["verdict"] == "unclear"
        assert "again after 07:00" in row["follows"]
        box.advance(12 * 3600)
        first = verdicts(probe_json(*arguments)[1])
        second = verdicts(probe_json(*arguments)[1])
        submitted = [each for each in box.requests if each.method == "POST"]
    assert (first["batch"], first["batch-results"]) == ("confirmed", "unclear")  # it began
    assert second["batch-results"] == "confirmed"
    assert len(submitted) == 1


def test_checkpoint_of_another_address_is_refused(probe, sandbox, tmp_path):
    file = tmp_path / "probe.jsonl"
    file.write_text('{"llmaas_probe": 1, "address": "https://elsewhere.example/v1"}\n')
    code, _, err = probe(*SMALL, "--checkpoint", str(file))
    assert code == 2
    assert "--checkpoint" in err


def test_checkpoint_counts_against_the_budget(probe_json, sandbox, tmp_path):
    file = str(tmp_path / "probe.jsonl")
    arguments = ("--only", "answer", "-m", "mistral-small4:119b", "--checkpoint", file)
    _, first = probe_json(*arguments)
    _, second = probe_json(*arguments, "--only", "usage", "--budget", str(first["cost_eur"]))
    assert second["cost_eur"] == first["cost_eur"]


def test_expensive_probes_are_not_run_unless_allowed(probe_json, sandbox):
    _, report = probe_json("--only", "media")
    assert set(verdicts(report).values()) == {None}
    _, report = probe_json("--only", "media", "--audio", "--images")
    assert set(verdicts(report).values()) == {"confirmed"}


def test_report_contains_neither_key_nor_content(probe_json, sandbox):
    secret = "a text that only the service knows"
    sandbox.script([{"content": secret, "path": "/v1/chat/completions"}] * 20)
    _, report = probe_json("--only", "answers", "-m", "gemma4:31b")
    assert sandbox.api_key not in json.dumps(report)
    assert secret not in json.dumps(report)
    assert report["results"][0]["evidence"]["shape"]


def test_probe_fails_when_the_service_refuses_the_key(probe, sandbox, monkeypatch):
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-not-a-key-of-this-sandbox")
    code, _, err = probe(*SMALL)
    assert code == 1
    assert "LLMAAS_API_KEY" in err


def test_list_shows_all_probes_and_sends_nothing(probe, sandbox):
    code, out, _ = probe("--list")
    assert code == 0
    assert "unknown-model" in out
    assert not list(sandbox.requests)
