"""``%%llmaas`` asks, ``%llmaas`` tells about the conversation."""

from __future__ import annotations

import time
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from llmaas.text import visible
from llmaas_cli.jupyter.connection import who
from llmaas_cli.jupyter.failures import AskError, note, readable
from llmaas_cli.jupyter.options import PARSER, parsed
from llmaas_cli.jupyter.reports import cost_table, history_text, listed_models, model_table
from llmaas_cli.jupyter.talk import Talk
from llmaas_cli.jupyter.variables import filled
from llmaas_cli.jupyter.views import facts_of, view_in

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
        self.talk = Talk()
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
        told = parsed(line)
        if told.new:
            self.talk.history.clear()
        with readable():
            completion = self._answered(self._filled(cell.strip()), told)
        values = {told.var: completion.text, told.completion: completion}
        self._shell.push({name: value for name, value in values.items() if name})

    def _answered(self, question: str, told: Any) -> Any:
        if not question:
            raise AskError("The cell is empty: write the question below %%llmaas.")
        params = self._params(told)
        _, where = self.talk.client()
        self._introduce(who(where))
        view, began = view_in(self._shell), time.perf_counter()
        try:
            completion = self.talk.ask(question, view.take, **params)
        except BaseException:
            view.give_up()
            raise
        seconds = time.perf_counter() - began
        view.end(facts_of(completion, seconds, is_sandbox=where.is_sandbox))
        self.talk.count(completion, seconds)
        self.talk.remember(question, completion)
        return completion

    def _params(self, told: Any) -> dict[str, Any]:
        params = {
            "system": self._filled(told.system) if told.system else None,
            "temperature": told.temperature,
            "reasoning_effort": told.effort,
            "max_tokens": told.max_tokens,
        }
        given = {name: value for name, value in params.items() if value is not None}
        return {"model": told.model or self.talk.model, **given}

    def _filled(self, text: str) -> str:
        text, unknown = filled(text, self._shell.user_ns)
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
        with readable():
            return getattr(self, f"_{word}")(rest.strip())

    def _help(self) -> None:
        for usage, meaning in COMMANDS.items():
            print(f"%llmaas {usage:<14} {meaning}")
        print("%%llmaas?               how to ask")

    def _models(self, word: str) -> Any:
        client, _ = self.talk.client()
        return model_table(listed_models(client), word)

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
        self._introduced = who(where)
        print(self._introduced)
