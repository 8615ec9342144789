"""``llmaas chat`` and ``llmaas demo`` in a real terminal, driven through a pseudo-terminal."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from llmaas_cli.terminal.wrapping import WordWrapper

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SECONDS = 30.0


class Terminal:
    """A command that believes in its terminal."""

    def __init__(self, *arguments, **environment):
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "llmaas_cli", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment},
            start_new_session=True,
        )
        os.close(theirs)
        self.raw = ""
        self._seen = 0

    def until(self, text):
        """Read until ``text`` appears after what was read before; return all up to its end."""
        deadline = time.monotonic() + SECONDS
        while (found := self.screen.find(text, self._seen)) < 0:
            ready, _, _ = select.select([self._ours], [], [], deadline - time.monotonic())
            assert ready, f"{text!r} did not come: {self.screen[self._seen :]!r}"
            self.raw += os.read(self._ours, 65_536).decode(errors="replace")
        start, self._seen = self._seen, found + len(text)
        return self.screen[start : self._seen]

    @property
    def screen(self):
        return ESCAPES.sub("", self.raw)

    def type(self, line):
        os.write(self._ours, line.encode() + b"\n")

    def leave(self):
        """Press Ctrl-D at the prompt and return the exit code."""
        self.until("> ")
        os.write(self._ours, b"\x04")
        return self.process.wait(SECONDS)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(sandbox):
    opened = []

    def start(*arguments, **environment):
        opened.append(Terminal(*arguments, **environment))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_conversation_with_history_and_commands(terminal, sandbox, tmp_path):
    screen = terminal("chat", "--system", "Be brief.")
    screen.until("> ")
    screen.type("Reply with the word pong")
    shown = screen.until("EUR")
    assert "pong" in shown
    assert "\x1b[2;3m" in screen.raw  # what it thinks is dim and slanted
    screen.until("> ")
    screen.type("Reply with the word ping")
    screen.until("ping")
    screen.until("> ")
    first, second = sandbox.requests
    assert [m["role"] for m in first.json["messages"]] == ["system", "user"]
    assert [m["content"] for m in second.json["messages"]][1:] == [
        "Reply with the word pong",
        "pong",
        "Reply with the word ping",
    ]

    screen.type("/undo")
    screen.until("removed: Reply with the word ping")
    screen.type("/retry")
    screen.until("pong")
    screen.until("> ")
    assert len(list(sandbox.requests)[-1].json["messages"]) == 2
    screen.type(f"/save {tmp_path}/talk.json")
    screen.until("saved to")
    saved = json.loads((tmp_path / "talk.json").read_text())
    assert [m["content"] for m in saved["messages"]] == ["Reply with the word pong", "pong"]
    screen.type("/cost")
    screen.until("EUR")
    assert screen.leave() == 0


def test_commands_that_change_what_is_sent(terminal, sandbox):
    screen = terminal("chat")
    for line, answer in [
        ("/help", "/retry"),
        ("/model llama3.3:70b", "llama3.3:70b"),
        ("/system Answer in French.", "Answer in French."),
        ("/reasoning", "reasoning hidden"),
        ("/undo", "no question to remove"),
        ("/retry", "no question to resend"),
        ("/save", "requires a file name"),
        ("/save /no/such/folder/x", "error: "),
        ("/nonsense", "unknown command /nonsense"),
        ("/new", "a new conversation"),
    ]:
        screen.until("> ")
        screen.type(line)
        screen.until(answer)
    screen.until("> ")
    screen.type("Reply with \\")
    screen.until("| ")
    screen.type("the word pong")
    screen.until("EUR")
    [request] = sandbox.requests
    assert request.json["model"] == "llama3.3:70b"
    assert request.json["messages"] == [
        {"role": "system", "content": "Answer in French."},
        {"role": "user", "content": "Reply with \nthe word pong"},
    ]
    screen.until("> ")
    screen.type("/exit")
    assert screen.process.wait(SECONDS) == 0


def test_an_error_does_not_end_the_session(terminal, sandbox):
    screen = terminal("chat", "-m", "nobody:1b")
    screen.until("> ")
    screen.type("hello")
    screen.until("error: ")
    screen.until("> ")
    screen.type("/model llama3.3:70b")
    screen.until("> ")
    screen.type("Reply with the word pong")
    screen.until("EUR")
    assert [m["content"] for m in list(sandbox.requests)[-1].json["messages"]] == [
        "Reply with the word pong"
    ]
    assert screen.leave() == 0


def test_ctrl_c_stops_the_answer_and_not_the_session(terminal, sandbox):
    screen = terminal("chat", "-m", "sandbox/stall:60:4")
    screen.until("> ")
    screen.type("Tell me a long story about the sea and everything that lives in it.")
    screen.until("sandbox")
    os.killpg(screen.process.pid, 2)
    screen.until("stopped")
    assert screen.leave() == 0


def test_the_demo_in_a_terminal(terminal):
    screen = terminal("demo", "--framework", "core", "--language", "fr")
    shown = screen.until("first text after")
    assert "0,40 EUR" in shown
    assert "llmaas-service.fr.md" in shown
    assert screen.process.wait(SECONDS) == 0


class Console:
    width = 20


@pytest.fixture
def printed(monkeypatch):
    pieces = []
    monkeypatch.setattr("llmaas_cli.terminal.wrapping.stdout", Console)
    monkeypatch.setattr("llmaas_cli.terminal.wrapping.is_interactive", lambda: True)
    monkeypatch.setattr(
        "llmaas_cli.terminal.wrapping.print_text", lambda text, style="": pieces.append(text)
    )
    return pieces


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_lines_break_between_words_however_the_text_arrives(printed, size):
    text = "The quick brown fox jumps over the lazy dog.\n\nA word-that-is-longer-than-the-line."
    flow = WordWrapper()
    for start in range(0, len(text), size):
        flow.write(text[start : start + size])
    flow.flush()
    shown = "".join(printed)
    assert shown.replace("\n", "").replace(" ", "") == text.replace("\n", "").replace(" ", "")
    assert all(len(line) <= 20 or " " not in line.strip() for line in shown.split("\n"))
    assert "quick brown" in shown


def test_code_keeps_its_lines(printed):
    code = "```\nprint('a line that is longer than the terminal')\n```\n"
    flow = WordWrapper()
    flow.write(code)
    flow.flush()
    assert "".join(printed) == code
