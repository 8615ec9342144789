"""Interactive session of ``llmaas chat``: input lines, slash commands, answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from llmaas.pricing import format_eur
from llmaas.text import well_formed
from llmaas_cli.commands.conversation import Conversation
from llmaas_cli.format import one_line
from llmaas_cli.terminal.output import say

HELP = {
    "/help": "show this",
    "/model [NAME]": "say or change the model",
    "/system [TEXT]": "say or change the instructions",
    "/new": "start over; model and instructions stay",
    "/retry": "ask the last question again",
    "/undo": "forget the last question and its answer",
    "/reasoning": "show or hide what the model thinks",
    "/cost": "say what this conversation has cost",
    "/save FILE": "write the conversation to a JSON file",
    "/exit": "leave (so does Ctrl-D)",
}


class Session:
    """Reads lines until the end; Ctrl-C stops an answer, not the session."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._over = False
        self._commands: dict[str, Callable[[str], None]] = {
            "/help": self._help,
            "/model": self._model,
            "/system": self._system,
            "/new": self._new,
            "/retry": self._retry,
            "/undo": self._undo,
            "/reasoning": self._reasoning,
            "/cost": self._cost,
            "/save": self._save,
            "/exit": self._exit,
        }

    def run(self) -> None:
        """Talk until ``/exit`` or the end of input."""
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - arrow keys and line history in input()
        say(f"{self._talk.model} · /help for commands, Ctrl-D to leave", "dim")
        while not self._over:
            line = self._read()
            if line.startswith("/"):
                self._obey(line)
            elif line:
                self._ask(line)

    def _read(self) -> str:
        """Return the next line; a line that ends in a backslash goes on."""
        lines: list[str] = []
        try:
            lines.append(input("\n> "))
            while lines[-1].endswith("\\"):
                lines.append(input("| "))
        except EOFError:
            self._over = True
        except KeyboardInterrupt:
            say("")
            return ""
        return _readable("\n".join(line.removesuffix("\\") for line in lines).strip())

    def _obey(self, line: str) -> None:
        name, _, argument = line.partition(" ")
        act = self._commands.get(name)
        if act is None:
            say(f"no command {name}; /help lists them", "yellow")
            return
        try:
            act(argument.strip())
        except OSError as error:
            say(f"error: {one_line(error)}", "red")

    def _ask(self, question: str) -> None:
        """Ask; whatever goes wrong, the session goes on."""
        try:
            self._talk.ask(question)
        except KeyboardInterrupt:
            say("stopped; the question is forgotten", "yellow")
        except Exception as error:
            say(f"error: {one_line(error)}", "bold red")

    def _help(self, _: str) -> None:
        for usage, meaning in HELP.items():
            say(f"  {usage:<16} {meaning}", "dim")

    def _model(self, name: str) -> None:
        self._talk.model = name or self._talk.model
        say(self._talk.model, "dim")

    def _system(self, text: str) -> None:
        self._talk.system = text or self._talk.system
        say(self._talk.system or "no instructions", "dim")

    def _new(self, _: str) -> None:
        self._talk.history.clear()
        say("a new conversation", "dim")

    def _retry(self, _: str) -> None:
        question = self._talk.forget_last()
        if question is None:
            say("nothing to ask again", "yellow")
        else:
            self._ask(question)

    def _undo(self, _: str) -> None:
        question = self._talk.forget_last()
        say(f"forgotten: {question}" if question else "nothing to forget", "dim")

    def _reasoning(self, _: str) -> None:
        self._talk.show_reasoning = not self._talk.show_reasoning
        say(f"reasoning {'shown' if self._talk.show_reasoning else 'hidden'}", "dim")

    def _cost(self, _: str) -> None:
        say(format_eur(self._talk.spent_micro_eur), "dim")

    def _save(self, name: str) -> None:
        if not name:
            say("/save needs a file name", "yellow")
            return
        talk = self._talk
        content = {"model": talk.model, "system": talk.system, "messages": talk.history}
        Path(name).expanduser().write_text(
            json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8"
        )
        say(f"saved to {name}", "dim")

    def _exit(self, _: str) -> None:
        self._over = True


def _readable(line: str) -> str:
    """Return a line, or nothing when its bytes are not the terminal's encoding."""
    if well_formed(line) == line:
        return line
    say("error: this line is not UTF-8 text, so it was not sent. Type it again.", "bold red")
    return ""
