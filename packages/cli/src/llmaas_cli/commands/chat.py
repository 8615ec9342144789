"""``llmaas chat``: an interactive conversation, or one question from a pipe."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, InSandbox
from llmaas_cli.terminal import stdin

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import Completion


def command(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            help="Ask this and leave; '-' adds standard input. Without it, standard input is asked."
        ),
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "gpt-oss:120b",
    system: Annotated[
        str | None, typer.Option("--system", "-s", help="Instructions for the model.")
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest answer.")] = None,
    temperature: Annotated[float | None, typer.Option(min=0, max=2)] = None,
    reasoning: Annotated[
        bool, typer.Option("--reasoning/--no-reasoning", help="Show what the model thinks.")
    ] = True,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Talk to a model: streaming, with history and /commands, or one question from a pipe."""
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.conversation import Conversation

    asked = _asked(question)
    if asked is None and as_json:
        raise ValueError("--json needs a question: give one, or pipe one in")
    params = {"max_tokens": max_tokens, "temperature": temperature}
    given: dict[str, Any] = {name: value for name, value in params.items() if value is not None}
    with open_client(sandbox=sandbox, base_url=base_url) as client:
        talk = Conversation(client, model, system, params=given, show_reasoning=reasoning)
        if asked is None:
            from llmaas_cli.commands.session import Session

            Session(talk).run()
        elif as_json:
            _answer_in_json(client, talk, asked)
        else:
            talk.ask(asked)


def _asked(question: list[str] | None) -> str | None:
    """Return the question from the arguments and standard input, or None for a conversation.

    Beside a question, standard input is read only for ``-``: it may be the rest of a loop's
    input, or a pipe that never ends.
    """
    words, reads_stdin = stdin.words(question)
    if words and not reads_stdin:
        stdin.tell_if_ignored()
        return words
    if stdin.is_terminal() and not reads_stdin:
        return None
    piped = stdin.read().strip()
    if not words and not piped:
        raise ValueError("there is no question: give one as an argument or on standard input")
    return "\n\n".join(part for part in (words, piped) if part)


def _answer_in_json(client: LLMaaS, talk: Any, asked: str) -> None:
    from llmaas_cli.terminal.output import print_json

    completion = client.chat(talk.messages_with(asked), model=talk.model, **talk.params)
    print_json(plain(completion))


def plain(completion: Completion) -> dict[str, Any]:
    """Return an answer as JSON takes it."""
    return {
        "answer": completion.text,
        "reasoning": completion.reasoning,
        "model": completion.model,
        "finish_reason": completion.finish_reason,
        "usage": asdict(completion.usage) if completion.usage else None,
        "cost_eur": completion.cost,
        "backend": asdict(completion.backend) if completion.backend else None,
        "id": completion.id,
        "request_id": completion.request_id,
    }
