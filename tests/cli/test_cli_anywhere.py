"""The command on any terminal: encodings, widths, kinds of standard input, pipes and full disks."""

import io
import itertools
import json
import os
import pty
import subprocess
import sys
from types import SimpleNamespace

import pytest

from llmaas import catalog
from llmaas_cli.commands import main
from tests.helpers import corpus

ENCODINGS = ["utf-8", "cp1252", "cp437", "latin-1", "ascii", "cp932"]
WIDTHS = ["0", "1", "20", "40", "80", "300", "", "wide"]
TERMINALS = [
    *itertools.product(("utf-8", "ascii"), WIDTHS),
    *itertools.product(ENCODINGS[1:], ("0", "40")),
]
STDIN = ["closed", "none", "empty", "latin-1", "half", "utf-16"]
BYTES = {
    "empty": b"",
    "latin-1": "r\u00e9sum\u00e9".encode("latin-1"),
    "half": b"Say caf\xc3",
    "utf-16": "r\u00e9sum\u00e9".encode("utf-16"),
}

COMMANDS = {
    "version": ["--version"],
    "help": ["--help"],
    "chat help": ["chat", "--help"],
    "chat": ["chat", 'Say "\u00c9l\u00e8ve \u2713 \U0001f600 \u4e2d"'],
    "chat json": ["chat", "--json", 'Say "\u00c9l\u00e8ve"'],
    "models": ["models"],
    "models json": ["models", "--json"],
    "card": ["models", "gpt-oss:120b"],
    "cost": ["cost", "--text", "hello", "--calls", "100000"],
    "embed": ["embed", "--text", "hello"],
    "rerank": ["rerank", "\u00c9l\u00e8ve", "--text", "\u00e9cole", "--text", "b"],
    "ocr help": ["ocr", "--help"],
    "doctor": ["doctor", "--model", "gpt-oss:120b"],
    "transcribe": ["transcribe", "\u00e9lan.wav", "--json"],
    "speak": ["speak", "\u00c9l\u00e8ve", "--out", "OUT.wav"],
    "image": ["image", "\u00c9l\u00e8ve", "--out", "OUT.png"],
    "ocr": ["ocr", "scan.pdf", "-m", "gemma4:31b"],
    "demo": ["demo", "--framework", "core", "--documents", "texts", "-q", "What is \u00e9lan?"],
    "bulk": ["bulk", "run", "prompts.jsonl", "-m", "gpt-oss:120b", "-o", "OUT.jsonl"],
    "bulk help": ["bulk", "run", "--help"],
    "cost report": ["cost", "report", "usage.jsonl"],
    "sandbox help": ["sandbox", "--help"],
    "unknown model": ["chat", "-m", "nobody:1b", "hello"],
    "unknown command": ["nonsense"],
}
SLOW = {"doctor", "demo", "ocr", "transcribe", "speak", "image", "bulk"}
FAILS = {"unknown model": 1, "unknown command": 2}
USED = {
    "at": "2026-11-30T09:00:00+00:00",
    "model": "gpt-oss:120b",
    "ok": True,
    "prompt_tokens": 9,
    "completion_tokens": 7,
    "cost_micro_eur": 72,
    "energy_kwh": 0.001,
}


@pytest.fixture(autouse=True)
def files(monkeypatch, tmp_path):
    """Files for every command, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "\u00e9lan.wav").write_bytes(corpus.WAV)
    (tmp_path / "scan.pdf").write_bytes(corpus.form())
    (tmp_path / "prompts.jsonl").write_text('"Say a."\n"Say \u00e9."\n', "utf-8")
    (tmp_path / "usage.jsonl").write_text(json.dumps(USED) + "\n")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.md").write_text("# \u00c9lan\n\n\u00c9lan is vigour.\n", "utf-8")


def fresh(arguments):
    """Name an output that no other run has written."""
    number = next(NUMBERS)
    return [argument.replace("OUT", f"out-{number}") for argument in arguments]


NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def fresh_catalog():
    catalog.reset()
    yield
    catalog.reset()


def stdin_of(kind):
    if kind == "none":
        return None
    if kind == "closed":
        stream = io.TextIOWrapper(io.BytesIO())
        stream.close()
        return stream
    return io.TextIOWrapper(io.BytesIO(BYTES[kind]), encoding="utf-8")


def run(arguments, monkeypatch, *, encoding="utf-8", width="80", stdin="empty", out=None, err=None):
    """Run the command in this process, over streams as the interpreter would open them."""
    written = SimpleNamespace(out=out or io.BytesIO(), err=err or io.BytesIO())
    with monkeypatch.context() as patched:
        patched.setenv("COLUMNS", width)
        patched.setattr("sys.stdin", stdin_of(stdin))
        patched.setattr("sys.stdout", io.TextIOWrapper(written.out, encoding=encoding))
        patched.setattr("sys.stderr", io.TextIOWrapper(written.err, encoding=encoding))
        catalog.forget_warnings()
        try:
            main(fresh(arguments))
            code = 0
        except SystemExit as leave:
            code = leave.code or 0
        sys.stdout.flush()
        sys.stderr.flush()
        assert os.environ["COLUMNS"] == width
        sys.stdout.detach()
        sys.stderr.detach()
    return code, written.out.getvalue(), written.err.getvalue()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_works_on_every_terminal(name, monkeypatch, sandbox):
    for encoding, width in TERMINALS if name not in SLOW else TERMINALS[::5]:
        code, out, err = run(COMMANDS[name], monkeypatch, encoding=encoding, width=width)
        assert code == FAILS.get(name, 0), (encoding, width, out, err)
        assert b"Traceback" not in err
        assert said(name, out, err), (encoding, width)
        out.decode(encoding)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("stdin", STDIN)
def test_every_command_works_with_every_stdin(name, stdin, monkeypatch, sandbox):
    code, out, err = run(COMMANDS[name], monkeypatch, stdin=stdin)
    assert code == FAILS.get(name, 0), (out, err)
    assert said(name, out, err)


def said(name, out, err):
    """Whether a command said something where it should: those that write a file, on stderr."""
    return (err if name in FAILS or "OUT" in "".join(COMMANDS[name]) else out).strip()


def test_json_is_the_same_in_every_encoding(monkeypatch, sandbox):
    command = ["chat", "--json", 'Say "\u00c9l\u00e8ve \u2713 \U0001f600 \u202e\u009b31m"']
    answers = set()
    for encoding in ENCODINGS:
        _, out, _ = run(command, monkeypatch, encoding=encoding)
        answers.add(json.loads(out.decode(encoding))["answer"])
        assert "\u202e" not in out.decode(encoding)
        assert "\u009b" not in out.decode(encoding)
    assert answers == {"\u00c9l\u00e8ve \u2713 \U0001f600 \u202e\u009b31m"}


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_an_answer_keeps_characters_that_the_encoding_lacks(encoding, monkeypatch, sandbox):
    command = ["chat", 'Say "\u4e2d \U0001f600 \u2019"']
    assert run(command, monkeypatch, encoding=encoding)[1] == b"\\u4e2d \\U0001f600 '\n"


# --- standard input ----------------------------------------------------------------------


@pytest.mark.parametrize("stdin", ["closed", "none", "empty"])
def test_no_question_leaves_with_2(stdin, monkeypatch, sandbox):
    code, out, err = run(["chat"], monkeypatch, stdin=stdin)
    assert (code, out) == (2, b"")
    assert b"The question is empty" in err


@pytest.mark.parametrize("stdin", ["latin-1", "utf-16"])
def test_stdin_is_decoded_as_what_it_is(stdin, monkeypatch, sandbox):
    code, _, err = run(["chat", "Sum up", "-"], monkeypatch, stdin=stdin)
    assert code == 0
    [request] = sandbox.requests
    assert request.json["messages"][0]["content"] == "Sum up\n\nr\u00e9sum\u00e9"
    assert (b"not UTF-8" in err) == (stdin == "latin-1")


def test_arguments_of_another_encoding_are_read(monkeypatch, sandbox):
    run(["chat", b"r\xe9sum\xe9".decode("utf-8", "surrogateescape")], monkeypatch)
    [request] = sandbox.requests
    assert request.json["messages"][0]["content"] == "r\u00e9sum\u00e9"


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "llmaas_cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_a_question_does_not_wait_for_a_pipe_that_never_ends(sandbox):
    process = command("chat", 'Say "x"', stdin=subprocess.PIPE)
    try:
        assert process.wait(60) == 0
        assert process.stdout.read() == b"x\n"
    finally:
        process.kill()
        process.communicate()


def test_a_question_leaves_the_lines_of_a_loop_alone(sandbox, tmp_path):
    (tmp_path / "lines").write_text('Say "one"\nSay "two"\n')
    loop = f'while read -r q; do {sys.executable} -m llmaas_cli chat "$q"; done < lines'
    done = subprocess.run(["bash", "-c", loop], capture_output=True, cwd=tmp_path, timeout=120)
    assert done.stdout == b"one\ntwo\n"
    assert b"add - to send it with the question" in done.stderr


def test_endless_stdin_is_refused(sandbox):
    done = shell("llmaas chat < /dev/zero", stdin=None)
    assert done.returncode == 2
    assert b"Standard input is larger than" in done.stderr
    assert not list(sandbox.requests)


def test_silence_on_stdin_is_explained(sandbox):
    process = command("chat", stdin=subprocess.PIPE)
    assert b"reading standard input until its end" in process.stderr.readline()
    assert process.communicate(b'Say "x"', timeout=60) == (b"x\n", b"")


def shell(line, stdin=subprocess.DEVNULL, **environment):
    return subprocess.run(
        ["bash", "-c", line.replace("llmaas", f"{sys.executable} -m llmaas_cli")],
        capture_output=True,
        timeout=60,
        env={**os.environ, **environment},
        stdin=stdin,
    )


# --- standard output ---------------------------------------------------------------------


@pytest.mark.parametrize("target", ["> /dev/full", ">&-"])
@pytest.mark.parametrize("how", ["", "--json"])
def test_an_answer_that_stdout_does_not_take_goes_to_stderr(sandbox, target, how):
    done = shell(f"llmaas chat {how} 'Say \"precious\"' {target}")
    assert done.returncode == 2
    assert b"precious" in done.stderr
    assert b"standard output is not writable" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_an_answer_is_printed_where_stderr_is_closed_or_full(sandbox):
    for target in ("2> /dev/full", "2>&-"):
        done = shell(f"llmaas chat 'Say \"precious\"' -m gpt-oss:20b {target}")
        assert (done.returncode, done.stdout) == (0, b"precious\n")


def test_nothing_is_left_to_say_where_both_are_full(sandbox):
    assert shell("llmaas models >/dev/full 2>/dev/full").returncode == 2


@pytest.mark.parametrize("line", ["llmaas models | head -1", "llmaas models --json | head -c 5"])
def test_a_reader_that_had_enough_is_no_failure(line):
    done = shell(f"set -o pipefail; {line}")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("variables", [{"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}])
def test_forced_color_in_a_pipe_moves_no_cursor(sandbox, variables):
    done = shell("llmaas demo --framework core", TERM="xterm", **variables)
    assert done.returncode == 0
    assert b"\x1b[?25l" not in done.stdout  # a spinner hides the cursor
    assert b"\x1b[2K" not in done.stdout
    if "NO_COLOR" in variables:
        assert b"\x1b[3" not in done.stdout


def test_forced_color_in_a_pipe_leaves_answers_plain(sandbox):
    done = shell("llmaas chat 'Say \"x\"'", FORCE_COLOR="1", TERM="xterm")
    assert done.stdout == b"x\n"


# --- what models and servers say ---------------------------------------------------------

HOSTILE = (
    "a\x1b]52;c;ZXZpbA==\x07b\x1b[2Jc\x9b31md\u202ee\rf\x08g[/x][link=http://x]h[/link]:smile:"
)
SHOWN = (
    r"a\x1b]52;c;ZXZpbA==\x07b\x1b[2Jc\x9b31md\u202ee\x0df\x08g[/x][link=http://x]h[/link]:smile:"
)


@pytest.mark.parametrize("tty", [False, True])
def test_escapes_of_an_answer_are_shown_not_executed(sandbox, tty):
    sandbox.script([{"content": HOSTILE}])
    if not tty:
        process = command("chat", "-m", "llama3.3:70b", "go", stdin=subprocess.DEVNULL)
        assert process.communicate(timeout=60)[0].decode() == SHOWN + "\n"
        return
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "llmaas_cli", "chat", "-m", "llama3.3:70b", "go"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "300"}
    with subprocess.Popen(arguments, stdin=theirs, stdout=theirs, env=environment) as process:
        assert process.wait(60) == 0
    os.close(theirs)
    assert os.read(ours, 65_536).decode() == SHOWN + "\r\n"
    os.close(ours)
