"""``llmaas demo`` with several frameworks: found by entry point, run side by side."""

import json
import sys

import pytest

from llmaas_cli.commands import main
from llmaas_cli.demo import frameworks
from tests.helpers import corpus

MODULE = '''
from llmaas import LLMaaS
from llmaas_cli.demo import DemoResult, Source, build_messages, split


def demo(question, documents, *, client_settings, out):
    """Answer from the first passages, without ranking."""
    best = split(documents)[:3]
    with LLMaaS(api_key=client_settings.api_key, base_url=client_settings.base_url) as client:
        completion = client.chat(build_messages(question, best), model=client_settings.chat_model)
    out(completion.text)
    sources = tuple(Source(number, passage) for number, passage in enumerate(best, 1))
    return DemoResult("plain", completion.text, sources, completion.usage)


def broken(question, documents, *, client_settings, out):
    raise RuntimeError("out of order")


def incomplete(question, documents, *, client_settings, out):
    raise ImportError("similarity requires arrays")
'''
ENTRY_POINTS = """
[llmaas.demos]
plain = plain_demo:demo
broken = plain_demo:broken
incomplete = plain_demo:incomplete
absent = plain_demo.arrays:demo
"""
METADATA = "Metadata-Version: 2.1\nName: plain-demo\nVersion: 1.0\n"


@pytest.fixture
def another_framework(tmp_path, monkeypatch):
    """An installed distribution that brings demos of its own."""
    info = tmp_path / "plain_demo-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "plain_demo.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield info
    sys.modules.pop("plain_demo", None)


@pytest.fixture
def demo(capsys, monkeypatch):
    def run(*arguments):
        monkeypatch.setenv("COLUMNS", "140")
        code = 0
        try:
            main(["demo", *arguments])
        except SystemExit as leave:
            code = leave.code or 0
        return code, *capsys.readouterr()

    return run


def test_without_a_key_the_embedded_sandbox_answers(demo):
    code, out, err = demo("--framework", "core", "--language", "fr")
    assert (code, err) == (0, "")
    assert "the embedded sandbox at http://127.0.0.1:" in out
    assert "Mille questions posées sur cent documents chacune coûtent donc 0,40 EUR. [1]" in out
    for word in ("embedded", "reranked", "prompt", "answer", "machine", "cost", "energy", "time"):
        assert f"\n{word} " in out
    assert "llmaas-service.fr.md" in out
    assert "\nreasoning: " in out


def test_with_a_key_the_service_answers_and_the_cost_is_told_first(demo, sandbox):
    code, out, _ = demo("--framework", "core")
    assert code == 0
    assert f"the service at {sandbox.base_url}" in out
    assert "Every passage is embedded: about 0.07 EUR per framework." in out
    assert len(list(sandbox.requests)) > 2


def test_installed_frameworks_are_found_the_core_first(another_framework):
    names = list(frameworks())
    assert names[0] == "core"
    assert {"plain", "broken"} < set(names)


def test_several_frameworks_in_one_table(demo, another_framework):
    code, out, err = demo("--language", "en", "-f", "core", "-f", "broken", "-f", "plain")
    assert code == 1  # one is out of order, the others are shown all the same
    rows = [line.split() for line in out.splitlines()]
    table = [row for row in rows if row[:1] in (["core"], ["plain"], ["broken"]) and len(row) > 3]
    assert [row[0] for row in table] == ["core", "broken", "plain"]
    assert "broken: RuntimeError: out of order" in err


def test_one_framework_by_name(demo, another_framework, sandbox):
    code, out, _ = demo("--framework", "plain", "--json", "--question", "What is dpkg?")
    report = json.loads(out)
    assert code == 0
    assert report["question"] == "What is dpkg?"
    assert report["sandbox"] is False
    [result] = report["results"]
    assert result["framework"] == "plain"
    assert result["costs_micro_eur"]["embed"] == 0
    assert result["seconds"] > 0
    assert [request.path for request in sandbox.requests] == ["/v1/chat/completions"]


def test_a_failure_alone_is_one_line(demo, another_framework):
    code, _, err = demo("--framework", "broken")
    assert code == 1
    assert err.startswith("error: RuntimeError: out of order")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["incomplete", "absent"])
def test_what_is_not_installed_is_told_with_the_extra_that_brings_it(demo, another_framework, name):
    (another_framework / "METADATA").write_text(f"{METADATA}Provides-Extra: demo\n")
    code, out, err = demo("--framework", name, "--json")
    assert (code, err) == (1, "")
    error = json.loads(out)["results"][0]["error"]
    assert error["type"] == "ConfigurationError"
    assert error["message"].endswith("Run `pip install 'plain-demo[demo]'`.")
    assert "arrays" in error["message"]
    assert f"demo {name!r}" in error["message"]


def test_without_such_an_extra_the_error_is_left_as_it_is(demo, another_framework):
    _, _, err = demo("--framework", "incomplete")
    assert err.startswith("error: ImportError: similarity requires arrays")


def test_a_failure_as_json(demo, another_framework):
    code, out, _ = demo("--framework", "broken", "--json")
    assert code == 1
    assert json.loads(out)["results"][0]["error"]["type"] == "RuntimeError"


def test_documents_of_ones_own(demo, tmp_path):
    (tmp_path / "cats.md").write_text("# Cats\n\nThe cat Moustache sleeps on the red sofa.\n")
    code, out, _ = demo(
        "-f", "core", "-d", str(tmp_path), "-q", "Where does the cat Moustache sleep?"
    )
    assert code == 0
    assert "red sofa" in out
    assert "cats.md" in out


@pytest.mark.parametrize(("lang", "starts"), [("fr_FR.UTF-8", "Combien"), ("C.UTF-8", "Why")])
def test_the_default_question_is_in_the_language_of_the_terminal(demo, monkeypatch, lang, starts):
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", lang)
    _, out, _ = demo("-f", "core", "--json")
    assert json.loads(out)["question"].startswith(starts)


SLOW = """
import time

time.sleep(4)  # as frameworks are imported


def demo(question, documents, *, client_settings, out):
    from llmaas_cli.demo import DemoResult

    out("answer")
    return DemoResult("slow", "answer")
"""


def test_times_are_without_imports(demo, another_framework):
    (another_framework.parent / "plain_demo.py").write_text(SLOW)
    _, out, _ = demo("--framework", "plain", "--json")
    [result] = json.loads(out)["results"]
    assert result["seconds_to_first_text"] <= result["seconds"] < 3.9


def test_figures_of_the_sandbox_are_marked_and_costs_added_up(demo, another_framework, sandbox):
    _, out, _ = demo("-f", "core", "-f", "plain", "-l", "en", "--sandbox")
    assert " EUR* " in out
    assert "* simulated: the sandbox has no model" in out
    rows = [
        line.split() for line in out.splitlines() if line.startswith(("core", "plain", "total"))
    ]
    costs = [float(row[-5]) for row in rows if len(row) > 2]
    costs += [float(row[-1]) for row in rows if row[0] == "total"]
    assert costs[-1] == pytest.approx(sum(costs[-3:-1]))
    _, out, _ = demo("-f", "core", "-f", "plain", "-l", "en")
    assert "*" not in out
    assert "per framework. 2 of them: about 0.15 EUR in total." in out


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        ("fr", "Mille questions posées sur cent documents chacune coûtent donc 0,40 EUR. [1]"),
        ("es", "the content comes back empty and the finish reason is `length`. [1]"),
        ("en", "the content comes back empty and the finish reason is `length`. [1]"),
    ],
)
def test_the_default_questions_are_answered(demo, language, answer):
    code, out, _ = demo("--framework", "core", "--language", language)
    assert code == 0
    assert answer in out


def test_pdfs_and_other_encodings_are_read(demo, tmp_path):
    (tmp_path / "form.PDF").write_bytes(corpus.form(b"IBAN FR76 3000"))
    (tmp_path / "old.txt").write_bytes("Le caf\u00e9 est bleu.".encode("latin-1"))
    _, out, _ = demo("-f", "core", "-d", str(tmp_path), "-q", "Which IBAN?")
    assert "FR76 3000" in out
    assert "form.PDF" in out
    _, out, _ = demo(
        "-f", "core", "-d", str(tmp_path), "-q", "Le caf\u00e9 est de quelle couleur ?"
    )
    assert "Le caf\u00e9 est bleu." in out


def test_a_scan_among_the_documents_is_refused(demo, tmp_path):
    (tmp_path / "scan.pdf").write_bytes(corpus.blank(1))
    code, _, err = demo("-f", "core", "-d", str(tmp_path), "-q", "?")
    assert code == 2
    assert "scan.pdf contains no text. Convert scans with `llmaas ocr`." in err
