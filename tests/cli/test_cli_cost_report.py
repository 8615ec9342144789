"""``llmaas cost report`` and ``llmaas doctor --scan``."""

import json

import pytest

from llmaas import LLMaaS
from llmaas.usage_log import UsageLog, tagged
from llmaas_cli.commands import main

MODEL = "llama3.3:70b"


@pytest.fixture
def run(capsys):
    def run_command(*arguments):
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        return int(left.value.code or 0), capsys.readouterr().out

    return run_command


def test_cost_report_groups_by_tag_day_and_model(run, sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")  # wide enough for the bars
    log = tmp_path / "usage.jsonl"
    client = LLMaaS(hooks=[UsageLog(log, tag="rest")])
    client.chat("Hello there", model=MODEL)
    with tagged("project"):
        client.chat("Hello there", model=MODEL)
    _, told = run("cost", "report", str(log), "--by", "tag", "--json")
    assert {row["group"] for row in json.loads(told)} == {"project", "rest"}
    _, table = run("cost", "report", str(log), "--by", "day", "--csv")
    assert table.splitlines()[0].startswith("day,calls,failed")
    _, drawn = run("cost", "report", str(log))
    assert "█" in drawn
    assert "estimate" in drawn


def test_cost_report_counts_calls_of_unknown_cost(run, sandbox, tmp_path):
    log = tmp_path / "usage.jsonl"
    sandbox.script([{"content": "a", "usage": {}}])
    LLMaaS(hooks=[UsageLog(log)]).chat("Hello there", model=MODEL)
    assert "unknown cost, not in the total: 1" in run("cost", "report", str(log))[1]


def test_doctor_scans_code_for_redirected_models(run, tmp_path):
    (tmp_path / "app.py").write_text('x = 1\nmodel="qwen3:0.6b"\nother = "gpt-oss:120b"\n')
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "lib.py").write_text('model = "qwen3:0.6b"\n')
    code, told = run("doctor", "--scan", str(tmp_path), "--json")
    [found] = json.loads(told)["checks"]
    assert (code, found["name"]) == (1, "app.py:2")
    assert "redirected to 'qwen3.6:35b'" in found["detail"]
    (tmp_path / "app.py").write_text("# nothing: here\n")
    assert run("doctor", "--scan", str(tmp_path))[0] == 0
