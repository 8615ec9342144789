"""What models, servers and logs say is shown by the command, never obeyed."""

import csv
import io
import json

import pytest

from llmaas import catalog
from llmaas.types import LiveModel
from llmaas_cli.commands import main

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[/x][link=http://x]y[/link][bold]"
SHOWN = r"\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[/x][link=http://x]y[/link][bold]"


@pytest.fixture(autouse=True)
def fresh_catalog():
    catalog.reset()
    yield
    catalog.reset()


@pytest.fixture
def llmaas(capsys, monkeypatch):
    def run(*arguments):
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        monkeypatch.setenv("COLUMNS", "400")
        code = 0
        try:
            main(list(arguments))
        except SystemExit as leave:
            code = leave.code or 0
        out, err = capsys.readouterr()
        for text in (out, err):
            assert "Traceback" not in text
            assert not set("\x1b\x07\x9b\u202e") & set(text)
        return code, out, err

    return run


def test_an_error_of_the_server(llmaas, sandbox):
    sandbox.script([{"status": 400, "json": {"error": {"message": EVIL}}}] * 2)
    code, _, err = llmaas("chat", "?", "-m", "llama3.3:70b")
    assert code == 1
    assert SHOWN in err
    code, out, _ = llmaas("chat", "?", "-m", "llama3.3:70b", "--json")
    assert SHOWN in json.loads(out)["error"]["message"]


def test_a_list_of_models(llmaas, monkeypatch, sandbox):
    listed = [LiveModel(id=EVIL, root=None, aliases=(EVIL,), owned_by=EVIL)]
    monkeypatch.setattr("llmaas.client.LLMaaS.models", lambda self, **_: listed)
    assert SHOWN in llmaas("models", "--live")[1]
    assert json.loads(llmaas("models", "--live", "--json")[1])[-1]["id"] == EVIL
    assert SHOWN in llmaas("models", EVIL, "--live")[1]


@pytest.mark.parametrize("tag", [EVIL, "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_tags_in_reports(llmaas, tmp_path, tag):
    line = {"time": "2026-11-30T00:00:00Z", "operation": "chat", "model": "m", "tag": tag,
            "tags": {"tag": tag}, "calls": 1, "prompt_tokens": 1, "completion_tokens": 1,
            "cost_micro_eur": 5}  # fmt: skip
    log = tmp_path / "usage.jsonl"
    log.write_text(json.dumps(line) + "\n")
    assert llmaas("cost", "report", str(log), "--by", "tag")[0] == 0
    code, out, _ = llmaas("cost", "report", str(log), "--by", "tag", "--csv")
    assert code == 0
    for row in csv.reader(io.StringIO(out)):
        assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_question_and_answer_of_the_demo(llmaas, sandbox):
    question = f'Say "{EVIL}"'
    code, out, _ = llmaas("demo", "-f", "core", "-q", question)
    assert code == 0
    assert out.count(SHOWN) >= 2


def test_a_file_name(llmaas, tmp_path):
    code, _, err = llmaas("cost", str(tmp_path / f"missing{EVIL[:4]}"))
    assert code == 2
    assert r"missing\x1b]0;" in err
