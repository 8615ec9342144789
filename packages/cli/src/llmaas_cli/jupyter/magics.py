"""Magics: ``%%llmaas`` sends a question, ``%llmaas`` inspects the conversation."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from llmaas.text import visible
from llmaas_cli.jupyter.connection import describe_endpoint
from llmaas_cli.jupyter.conversation import Conversation
from llmaas_cli.jupyter.failures import AskError, print_note, short_errors
from llmaas_cli.jupyter.options import PARSER, parse_options
from llmaas_cli.jupyter.reports import build_cost_table, build_model_table, format_history
from llmaas_cli.jupyter.variables import fill_variables
from llmaas_cli.jupyter.views import create_view, describe_completion

COMMANDS = {
    "models [WORD]": "models available to the key",
    "model [NAME]": "show or change the model",
    "cost": "usage and cost of this notebook",
    "history": "the conversation",
    "clear": "clear the conversation; keeps the costs",
    "who": "the endpoint: service or sandbox",
}


@magics_class
class LLMaaSMagics(Magics):
    """Magics and conversation of one notebook."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.conversation = Conversation()
        self._shell: Any = shell
        self._printed_endpoint = ""
        self._commands: dict[str, Callable[[str], Any]] = {
            "models": self._models,
            "model": self._model,
            "cost": self._cost,
            "history": self._history,
            "clear": self._clear,
            "who": self._who,
        }

    @no_var_expand
    @line_cell_magic
    def llmaas(self, line: str, cell: str | None = None) -> Any:
        """Send the cell as a question, or inspect the conversation with ``%llmaas``.

        ``{name}`` is replaced by the variable of that name, ``{{name}}`` becomes ``{name}``.
        """
        return self._run_command(line) if cell is None else self._ask(line, cell)

    llmaas.__doc__ = f"{llmaas.__doc__}\n{PARSER.format_help()}"

    def _ask(self, line: str, cell: str) -> None:
        options = parse_options(line)
        if options.new:
            self.conversation.history.clear()
        with short_errors():
            completion = self._stream_answer(self._fill_variables(cell.strip()), options)
        values = {options.var: completion.text, options.completion: completion}
        self._shell.push({name: value for name, value in values.items() if name})

    def _stream_answer(self, question: str, options: Any) -> Any:
        if not question:
            raise AskError("The cell is empty. Write the question below %%llmaas.")
        params = self._params(options)
        _, endpoint = self.conversation.client()
        self._print_endpoint(describe_endpoint(endpoint))
        view, start = create_view(self._shell), time.perf_counter()
        try:
            completion = self.conversation.ask(question, view.show_event, **params)
        except BaseException:
            view.abort()
            raise
        seconds = time.perf_counter() - start
        view.finish(describe_completion(completion, seconds, is_sandbox=endpoint.is_sandbox))
        self.conversation.count(completion, seconds)
        self.conversation.add_turn(question, completion)
        return completion

    def _params(self, options: Any) -> dict[str, Any]:
        params = {
            "system": self._fill_variables(options.system) if options.system else None,
            "temperature": options.temperature,
            "reasoning_effort": options.effort,
            "max_tokens": options.max_tokens,
        }
        set_params = {name: value for name, value in params.items() if value is not None}
        return {"model": options.model or self.conversation.model, **set_params}

    def _fill_variables(self, text: str) -> str:
        text, unknown = fill_variables(text, self._shell.user_ns)
        for name in dict.fromkeys(unknown):
            print_note(f"no variable {name!r}; the braces are sent as they are")
        return text

    def _print_endpoint(self, sentence: str) -> None:
        """Print the endpoint on first use and after a change."""
        if sentence != self._printed_endpoint:
            print(sentence)
            self._printed_endpoint = sentence

    def _run_command(self, line: str) -> Any:
        name, _, argument = line.strip().partition(" ")
        if not name:
            return self._help()
        if name not in self._commands:
            raise UsageError(f"%llmaas: unknown command {name!r}; available: {', '.join(COMMANDS)}")
        with short_errors():
            return self._commands[name](argument.strip())

    def _help(self) -> None:
        for usage, meaning in COMMANDS.items():
            print(f"%llmaas {usage:<14} {meaning}")
        print("%%llmaas?               options of a question")

    def _models(self, name: str) -> Any:
        client, _ = self.conversation.client()
        return build_model_table(client, name)

    def _model(self, name: str) -> None:
        self.conversation.model = name or self.conversation.model
        print(visible(self.conversation.model))

    def _cost(self, _: str) -> object:
        return build_cost_table(self.conversation.used)

    def _history(self, _: str) -> None:
        print(visible(format_history(self.conversation.history)) or "The conversation is empty.")

    def _clear(self, _: str) -> None:
        print(f"{len(self.conversation.history) // 2} turns removed.")
        self.conversation.history.clear()

    def _who(self, _: str) -> None:
        _client, endpoint = self.conversation.client()
        self._printed_endpoint = describe_endpoint(endpoint)
        print(self._printed_endpoint)
