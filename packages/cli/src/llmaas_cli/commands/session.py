"""Interactive session of ``llmaas chat``: input lines, slash commands, answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from llmaas.pricing import format_eur
from llmaas.text import well_formed
from llmaas_cli.commands.conversation import Conversation
from llmaas_cli.format import describe_error
from llmaas_cli.terminal.output import print_status

HELP = {
    "/help": "show this",
    "/model [NAME]": "show or change the model",
    "/system [TEXT]": "show or change the system message",
    "/new": "start a new conversation; keeps model and system message",
    "/retry": "resend the last question",
    "/undo": "remove the last question and its answer",
    "/reasoning": "show or hide the reasoning",
    "/cost": "show the cost of this conversation",
    "/save FILE": "write the conversation to a JSON file",
    "/exit": "exit (or press Ctrl-D)",
}


class Session:
    """Interactive session. Ctrl-C stops an answer, not the session."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._is_done = False
        self._commands: dict[str, Callable[[str], None]] = {
            "/help": self._help,
            "/model": self._model,
            "/system": self._system,
            "/new": self._start_new,
            "/retry": self._retry,
            "/undo": self._undo,
            "/reasoning": self._reasoning,
            "/cost": self._cost,
            "/save": self._save,
            "/exit": self._exit,
        }

    def run(self) -> None:
        """Read lines until ``/exit`` or the end of input."""
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - arrow keys and line history in input()
        print_status(f"{self._conversation.model} · /help for commands, Ctrl-D to exit", "dim")
        while not self._is_done:
            line = self._read_line()
            if line.startswith("/"):
                self._run_command(line)
            elif line:
                self._ask(line)

    def _read_line(self) -> str:
        """Read the next line; a backslash at its end continues it."""
        lines: list[str] = []
        try:
            lines.append(input("\n> "))
            while lines[-1].endswith("\\"):
                lines.append(input("| "))
        except EOFError:
            self._is_done = True
        except KeyboardInterrupt:
            print_status("")
            return ""
        return _drop_undecodable("\n".join(line.removesuffix("\\") for line in lines).strip())

    def _run_command(self, line: str) -> None:
        name, _, argument = line.partition(" ")
        action = self._commands.get(name)
        if action is None:
            print_status(f"unknown command {name}. /help lists all.", "yellow")
            return
        try:
            action(argument.strip())
        except OSError as error:
            print_status(f"error: {describe_error(error)}", "red")

    def _ask(self, question: str) -> None:
        """Send a question. An error does not end the session."""
        try:
            self._conversation.ask(question)
        except KeyboardInterrupt:
            print_status("stopped; the question was removed", "yellow")
        except Exception as error:
            print_status(f"error: {describe_error(error)}", "bold red")

    def _help(self, _: str) -> None:
        for usage, meaning in HELP.items():
            print_status(f"  {usage:<16} {meaning}", "dim")

    def _model(self, name: str) -> None:
        self._conversation.model = name or self._conversation.model
        print_status(self._conversation.model, "dim")

    def _system(self, text: str) -> None:
        self._conversation.system = text or self._conversation.system
        print_status(self._conversation.system or "no system message", "dim")

    def _start_new(self, _: str) -> None:
        self._conversation.history.clear()
        print_status("a new conversation", "dim")

    def _retry(self, _: str) -> None:
        question = self._conversation.pop_last_turn()
        if question is None:
            print_status("no question to resend", "yellow")
        else:
            self._ask(question)

    def _undo(self, _: str) -> None:
        question = self._conversation.pop_last_turn()
        print_status(f"removed: {question}" if question else "no question to remove", "dim")

    def _reasoning(self, _: str) -> None:
        self._conversation.show_reasoning = not self._conversation.show_reasoning
        print_status(
            f"reasoning {'shown' if self._conversation.show_reasoning else 'hidden'}", "dim"
        )

    def _cost(self, _: str) -> None:
        print_status(format_eur(self._conversation.spent_micro_eur), "dim")

    def _save(self, name: str) -> None:
        if not name:
            print_status("/save requires a file name", "yellow")
            return
        conversation = self._conversation
        content = {
            "model": conversation.model,
            "system": conversation.system,
            "messages": conversation.history,
        }
        Path(name).expanduser().write_text(
            json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8"
        )
        print_status(f"saved to {name}", "dim")

    def _exit(self, _: str) -> None:
        self._is_done = True


def _drop_undecodable(line: str) -> str:
    """Return the line, or an empty one if it has bytes outside the terminal's encoding."""
    if well_formed(line) == line:
        return line
    print_status("error: the line is not UTF-8 text and was not sent. Type it again.", "bold red")
    return ""
