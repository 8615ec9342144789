"""Magics: ``%%llmaas`` sends a question, ``%llmaas`` inspects the conversation."""

from __future__ import annotations

import time
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from llmaas.text import visible
from llmaas_cli.jupyter.connection import describe_endpoint
from llmaas_cli.jupyter.conversation import Conversation
from llmaas_cli.jupyter.failures import AskError, note, short_errors
from llmaas_cli.jupyter.options import PARSER, parse_options
from llmaas_cli.jupyter.reports import cost_table, history_text, model_table
from llmaas_cli.jupyter.variables import fill_variables
from llmaas_cli.jupyter.views import create_view, describe_completion

COMMANDS = {
    "models [WORD]": "the models that the key may use",
    "model [NAME]": "say or change the model that answers",
    "cost": "what this notebook has used",
    "history": "the conversation so far",
    "clear": "forget the conversation; costs stay",
    "who": "who answers: the service or the sandbox",
}


@magics_class
class LLMaaSMagics(Magics):
    """The magics of one notebook, and its conversation."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.talk = Conversation()
        self._shell: Any = shell
        self._introduced = ""

    @no_var_expand
    @line_cell_magic
    def llmaas(self, line: str, cell: str | None = None) -> Any:
        """Ask what stands in the cell, or with ``%llmaas`` say something about the conversation.

        ``{name}`` in a question is the variable of that name, ``{{name}}`` stays ``{name}``.
        """
        return self._tell(line) if cell is None else self._ask(line, cell)

    llmaas.__doc__ = f"{llmaas.__doc__}\n{PARSER.format_help()}"

    def _ask(self, line: str, cell: str) -> None:
        options = parse_options(line)
        if options.new:
            self.talk.history.clear()
        with short_errors():
            completion = self._answered(self._filled(cell.strip()), options)
        values = {options.var: completion.text, options.completion: completion}
        self._shell.push({name: value for name, value in values.items() if name})

    def _answered(self, question: str, options: Any) -> Any:
        if not question:
            raise AskError("The cell is empty: write the question below %%llmaas.")
        params = self._params(options)
        _, where = self.talk.client()
        self._introduce(describe_endpoint(where))
        view, began = create_view(self._shell), time.perf_counter()
        try:
            completion = self.talk.ask(question, view.show_event, **params)
        except BaseException:
            view.abort()
            raise
        seconds = time.perf_counter() - began
        view.finish(describe_completion(completion, seconds, is_sandbox=where.is_sandbox))
        self.talk.count(completion, seconds)
        self.talk.remember(question, completion)
        return completion

    def _params(self, options: Any) -> dict[str, Any]:
        params = {
            "system": self._filled(options.system) if options.system else None,
            "temperature": options.temperature,
            "reasoning_effort": options.effort,
            "max_tokens": options.max_tokens,
        }
        given = {name: value for name, value in params.items() if value is not None}
        return {"model": options.model or self.talk.model, **given}

    def _filled(self, text: str) -> str:
        text, unknown = fill_variables(text, self._shell.user_ns)
        for name in dict.fromkeys(unknown):
            note(f"there is no variable {name!r}; the braces stay")
        return text

    def _introduce(self, sentence: str) -> None:
        """Say once, and again after a change, who answers."""
        if sentence != self._introduced:
            print(sentence)
            self._introduced = sentence

    def _tell(self, line: str) -> Any:
        word, _, rest = line.strip().partition(" ")
        if not word:
            return self._help()
        if word not in {usage.partition(" ")[0] for usage in COMMANDS}:
            raise UsageError(f"%llmaas: no {word!r}; there are {', '.join(COMMANDS)}")
        with short_errors():
            return getattr(self, f"_{word}")(rest.strip())

    def _help(self) -> None:
        for usage, meaning in COMMANDS.items():
            print(f"%llmaas {usage:<14} {meaning}")
        print("%%llmaas?               how to ask")

    def _models(self, word: str) -> Any:
        client, _ = self.talk.client()
        return model_table(client, word)

    def _model(self, name: str) -> None:
        self.talk.model = name or self.talk.model
        print(visible(self.talk.model))

    def _cost(self, _: str) -> Any:
        return cost_table(self.talk.used)

    def _history(self, _: str) -> None:
        print(visible(history_text(self.talk.history)) or "Nothing was asked yet.")

    def _clear(self, _: str) -> None:
        print(f"{len(self.talk.history) // 2} turns are forgotten.")
        self.talk.history.clear()

    def _who(self, _: str) -> None:
        _client, where = self.talk.client()
        self._introduced = describe_endpoint(where)
        print(self._introduced)
