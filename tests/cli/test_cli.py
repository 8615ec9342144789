"""The command line in this process, against the real sandbox."""

import io
import json
import os
import subprocess
import sys

import pytest

from llmaas import __version__, catalog
from llmaas_cli.commands import main

KEY = "sk-sandbox"


@pytest.fixture(autouse=True)
def fresh_catalogue():
    catalog.reset()
    catalog.forget_warnings()
    yield
    catalog.reset()
    catalog.forget_warnings()


@pytest.fixture
def llmaas(capsys, monkeypatch):
    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        monkeypatch.setenv("COLUMNS", "120")
        code = 0
        try:
            main(list(arguments))
        except SystemExit as leave:
            code = leave.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def test_version(llmaas):
    assert llmaas("--version") == (0, f"llmaas {__version__}\n", "")


@pytest.mark.parametrize("name", ["demo", "chat", "models", "cost", "doctor"])
def test_every_command_explains_itself(llmaas, name):
    code, out, _ = llmaas(name, "--help")
    assert code == 0
    assert "--json" in out
    assert "Example: " in out


def test_help_imports_no_sdk_and_no_catalogue():
    code = (
        "import sys\nfrom llmaas_cli.commands import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'openai', 'llmaas.catalog', 'llmaas.client', 'llmaas_sandbox'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)


# --- chat ---------------------------------------------------------------------------------


def test_a_question_in_a_pipe_is_answered_plainly(llmaas, sandbox):
    code, out, err = llmaas("chat", stdin="Reply with the word pong")
    assert (code, out, err) == (0, "pong\n", "")


def test_a_dash_adds_standard_input_to_the_question(llmaas, sandbox):
    llmaas("chat", "-s", "Be brief.", "Summarise:", "-", stdin="A long text.")
    [request] = sandbox.requests
    assert request.json["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Summarise:\n\nA long text."},
    ]
    assert request.json["stream"] is True


def test_options_reach_the_wire(llmaas, sandbox):
    llmaas("chat", "hi", "-m", "llama3.3:70b", "--max-tokens", "9", "--temperature", "0.5")
    [request] = sandbox.requests
    sent = {name: request.json[name] for name in ("model", "max_tokens", "temperature")}
    assert sent == {"model": "llama3.3:70b", "max_tokens": 9, "temperature": 0.5}


def test_chat_as_json(llmaas, sandbox):
    code, out, _ = llmaas("chat", "--json", stdin="Reply with the word pong")
    answer = json.loads(out)
    assert code == 0
    assert answer["answer"] == "pong"
    assert answer["reasoning"]
    assert answer["usage"]["completion_tokens"] > 0
    assert answer["cost_eur"] > 0
    assert answer["finish_reason"] == "stop"
    assert answer["backend"]["machine_name"]


def test_reasoning_never_mixes_with_the_answer_in_a_pipe(llmaas, sandbox):
    _, out, _ = llmaas("chat", "-m", "sandbox/think", stdin="Reply with the word pong")
    assert out == "pong\n"


def test_the_embedded_sandbox_needs_no_key(llmaas):
    assert llmaas("chat", "--sandbox", "Reply with the word pong")[:2] == (0, "pong\n")


def test_a_stream_that_breaks_is_an_error_after_what_came(llmaas, sandbox):
    code, out, err = llmaas("chat", "-m", "sandbox/cut:2", stdin="Reply with the word pong")
    assert out == "pong\n"
    assert code == 1
    assert err.startswith("error: ")
    assert "incomplete" in err


# --- errors -------------------------------------------------------------------------------


def test_no_key_is_one_line_with_what_to_do(llmaas):
    code, out, err = llmaas("chat", "hello")
    assert code == 2
    assert out == ""
    assert (
        err == "error: LLMAAS_API_KEY is not set. Set it, or add --sandbox to try without a key.\n"
    )


def test_a_refused_key_is_not_shown(llmaas, sandbox, monkeypatch):
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-wrong-and-secret")
    code, out, err = llmaas("chat", "hello", "--json")
    assert code == 1
    assert "wrong-and-secret" not in out + err
    error = json.loads(out)["error"]
    assert error["status_code"] == 401
    assert error["type"] == "AuthenticationError"
    assert "Console" in error["message"]
    assert err.count("\n") == 1


def test_an_unknown_model_is_one_line(llmaas, sandbox):
    code, _, err = llmaas("chat", "hello", "-m", "nobody:1b")
    assert code == 1
    assert "'nobody:1b' does not exist. `llmaas models --live`" in err


def test_an_unreachable_service_points_to_the_doctor(llmaas, sandbox, monkeypatch):
    code, _, err = llmaas("chat", "hello", "--base-url", "http://127.0.0.1:9/v1")
    assert code == 1
    assert "llmaas doctor" in err


@pytest.mark.parametrize(
    "wrong",
    [
        ("chat", "--json"),
        ("chat", "hi", "--base-url", "ftp://there"),
        ("chat", "hi", "--temperature", "3"),
        ("cost", "--text", "x", "--on", "2020-01-01"),
        ("cost", "no-such-file.txt"),
        ("models", "--expiring", "soon"),
        ("demo", "--framework", "nobody"),
        ("demo", "--language", "de"),
        ("demo", "--documents", "no-such-folder"),
        ("nonsense",),
    ],
)
def test_a_wrong_command_line_leaves_with_2(llmaas, wrong, sandbox):
    code, _, err = llmaas(*wrong)
    assert code == 2
    assert err
    assert not list(sandbox.requests)


def test_a_redirected_model_warns_in_one_line(llmaas, sandbox):
    code, _, err = llmaas("cost", "-t", "hello", "-m", "gpt-oss:20b")
    assert code == 0
    assert err.startswith("warning: model 'gpt-oss:20b' is redirected to 'gpt-oss:120b'")
    assert err.count("\n") == 1


def test_a_reader_that_leaves_is_no_error(sandbox):
    command = f"{sys.executable} -m llmaas_cli models --all --json | head -c 10"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=True)
    assert done.stdout == b'[{"id": "b'
    assert done.stderr == b""


def test_the_installed_command_is_the_same():
    script = os.path.join(os.path.dirname(sys.executable), "llmaas")
    done = subprocess.run([script, "--version"], capture_output=True, timeout=60, check=True)
    assert done.stdout == f"llmaas {__version__}\n".encode()


# --- models -------------------------------------------------------------------------------


def ids(out):
    return {model["id"] for model in json.loads(out)}


def test_models_that_see_and_call_tools(llmaas):
    _, out, _ = llmaas("models", "--vision", "--tools", "--min-context", "1000000", "--json")
    assert ids(out) == {"qwen3.6:27b", "qwen3.6:35b"}


@pytest.mark.parametrize(
    ("options", "inside", "outside"),
    [
        (["--lts"], "gpt-oss:120b", "qwen3.6:27b"),
        (["--category", "rerank"], "qwen3-reranker:4b", "bge-m3:567m"),
        (["--phase", "deprecated"], "qwq:32b", "gpt-oss:120b"),
        (["--max-kwh", "1"], "functiongemma:270m", "llama3.3:70b"),
        (["--max-price", "2"], "bge-m3:567m", "gpt-oss:120b"),
        (["--min-speed", "100"], "qwen3.6:35b", "llama3.3:70b"),
        (["--publisher", "meta"], "llama3.3:70b", "gpt-oss:120b"),
        (["--all"], "olmo-3:7b", "nobody:1b"),
        (["--reasoning"], "gpt-oss:120b", "llama3.3:70b"),
    ],
)
def test_filters(llmaas, options, inside, outside):
    _, out, _ = llmaas("models", *options, "--json")
    assert inside in ids(out)
    assert outside not in ids(out)


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("speed", "granite-embedding:278m"),
        ("energy", "granite-embedding:278m"),
        ("context", "nvidia/Qwen3.6-27B-NVFP4"),
        ("id", "bge-m3:567m"),
        ("end", "embeddinggemma:300m"),
    ],
)
def test_orders(llmaas, order, first):
    _, out, _ = llmaas("models", "--sort", order, "--json")
    assert json.loads(out)[0]["id"] == first


def test_the_table_shows_what_matters(llmaas):
    _, out, _ = llmaas("models", "--category", "embedding")
    [row] = [line for line in out.splitlines() if line.startswith("bge-m3")]
    assert row.split() == ["bge-m3:567m", "embedding", "···", "8", "192", "171", "0.36", "1.8",
                           "2027-12-30", "LTS"]  # fmt: skip


def test_a_card_tells_who_serves_the_name(llmaas):
    _, out, _ = llmaas("models", "gpt-oss:20b", "--json")
    card = json.loads(out)
    assert (card["id"], card["served_by"]) == ("gpt-oss:20b", "gpt-oss:120b")
    assert "redirected" in card["note"]
    _, out, _ = llmaas("models", "gpt-oss:20b")
    assert "redirected to 'gpt-oss:120b'" in out


def test_a_misspelt_name_is_guessed(llmaas):
    code, _, err = llmaas("models", "gpt-oss:12b")
    assert code == 2
    assert "The catalog has no model 'gpt-oss:12b'. Did you mean gpt-oss:120b" in err


def test_an_unknown_model_of_the_service_is_guessed(llmaas, sandbox):
    code, _, err = llmaas("chat", "hello", "-m", "gpt-oss:12b")
    assert code == 1
    assert "does not exist. Did you mean gpt-oss:120b" in err


def test_live_asks_the_service(llmaas, sandbox):
    code, out, _ = llmaas("models", "--live", "--json")
    assert code == 0
    assert [request.path for request in sandbox.requests] == ["/v1/models"]
    assert "gpt-oss:120b" in ids(out)


@pytest.mark.parametrize(
    ("text", "days"), [("90d", 90), ("12w", 84), ("6m", 180), ("1y", 365), ("7", 7)]
)
def test_spans_of_time(text, days):
    from llmaas_cli.commands.models import parse_days as read

    assert read(text).days == days


# --- cost ---------------------------------------------------------------------------------


def test_cost_of_a_pipe(llmaas):
    _, out, _ = llmaas("cost", "--json", "--output", "1000", "--on", "2026-10-01", stdin="x" * 4000)
    estimate = json.loads(out)
    assert estimate["prompt_tokens"] == 1_000
    assert estimate["cost_micro_eur"] == 1_800 + 8_000
    assert estimate["cost_eur"] == 0.0098
    assert estimate["energy_kwh_estimate"] == pytest.approx(0.00237)
    assert estimate["fits_context"] is True


def test_cost_of_files_many_times_in_a_batch(llmaas, tmp_path):
    (tmp_path / "a.txt").write_text("x" * 400)
    (tmp_path / "b.txt").write_text("x" * 400)
    files = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    _, out, _ = llmaas(
        "cost", *files, "-n", "10", "-o", "50", "--batch", "--json", "--on", "2026-10-01"
    )
    assert json.loads(out)["cost_micro_eur"] == 10 * (200 * 9 // 10 + 50 * 4)


def test_cost_of_reasoning_beside_the_answer(llmaas):
    _, out, _ = llmaas("cost", "-t", "abcd", "-o", "10", "--reasoning", "100", "--json")
    assert json.loads(out)["cost_micro_eur"] == 2 + 880


def test_cost_of_an_embedding_has_no_answer(llmaas):
    _, out, _ = llmaas("cost", "-t", "x" * 4_000, "-m", "bge-m3:567m", "--json")
    estimate = json.loads(out)
    assert (estimate["completion_tokens"], estimate["cost_micro_eur"]) == (0, 1_800)


def test_cost_of_ranking_and_audio(llmaas):
    assert json.loads(llmaas("cost", "--rerank", "100000", "--json")[1])["cost_eur"] == 0.4
    assert json.loads(llmaas("cost", "--audio", "61", "--json")[1])["cost_eur"] == 0.02


def test_cost_for_people(llmaas):
    _, out, _ = llmaas("cost", "-t", "x" * 1_000_000)
    assert "0.454000 EUR" in out
    assert "exceeds the model's context" in out


def test_binary_is_no_text(llmaas, tmp_path):
    (tmp_path / "x.bin").write_bytes(b"\xff\xfe\x00")
    code, _, err = llmaas("cost", str(tmp_path / "x.bin"))
    assert code == 2
    assert "is not a text file" in err


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig", "utf-16-le"])
def test_files_of_other_encodings_are_read(llmaas, tmp_path, encoding):
    (tmp_path / "x.txt").write_bytes(("r\u00e9sum\u00e9 " * 100).encode(encoding))
    _, out, _ = llmaas("cost", str(tmp_path / "x.txt"), "--json")
    assert json.loads(out)["prompt_tokens"] == 175


# --- sandbox ------------------------------------------------------------------------------


def test_the_sandbox_has_its_own_help(llmaas):
    code, out, _ = llmaas("sandbox", "--help")
    assert code == 0
    assert "--rerank-shape" in out


def test_without_the_sandbox_installed_it_says_how(llmaas, monkeypatch):
    monkeypatch.setitem(sys.modules, "llmaas_sandbox", None)
    monkeypatch.setitem(sys.modules, "llmaas_sandbox.cli", None)
    code, _, err = llmaas("sandbox")
    assert code == 2
    assert "pip install 'llmaas-cli[sandbox]'" in err
