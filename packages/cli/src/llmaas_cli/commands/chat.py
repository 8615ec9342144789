"""``llmaas chat``: an interactive conversation, or one question from a pipe."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, UseSandbox
from llmaas_cli.terminal import stdin

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import Completion


def command(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            help="One question; '-' adds standard input. Defaults to standard input, or a session."
        ),
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "gpt-oss:120b",
    system: Annotated[
        str | None, typer.Option("--system", "-s", help="Instructions for the model.")
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest answer.")] = None,
    temperature: Annotated[float | None, typer.Option(min=0, max=2)] = None,
    reasoning: Annotated[
        bool, typer.Option("--reasoning/--no-reasoning", help="Show the reasoning.")
    ] = True,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Chat with a model: an interactive session with /commands, or one question from a pipe."""
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.conversation import Conversation

    prompt = _read_question(question)
    if prompt is None and as_json:
        raise ValueError("--json needs a question. Pass one as an argument or on standard input.")
    params = {"max_tokens": max_tokens, "temperature": temperature}
    call_options: dict[str, Any] = {
        name: value for name, value in params.items() if value is not None
    }
    with open_client(sandbox=sandbox, base_url=base_url) as client:
        conversation = Conversation(
            client, model, system, params=call_options, show_reasoning=reasoning
        )
        if prompt is None:
            from llmaas_cli.commands.session import Session

            Session(conversation).run()
        elif as_json:
            _print_json_answer(client, conversation, prompt)
        else:
            conversation.ask(prompt)


def _read_question(question: list[str] | None) -> str | None:
    """Read the question from arguments and standard input; None starts an interactive session.

    With a question, standard input is read only for ``-``: it may be the rest of a loop's input,
    or a pipe that never ends.
    """
    words, reads_stdin = stdin.parse_words(question)
    if words and not reads_stdin:
        stdin.warn_if_ignored()
        return words
    if stdin.is_terminal() and not reads_stdin:
        return None
    piped = stdin.read().strip()
    if not words and not piped:
        raise ValueError("The question is empty. Pass one as an argument or on standard input.")
    return "\n\n".join(part for part in (words, piped) if part)


def _print_json_answer(client: LLMaaS, conversation: Any, prompt: str) -> None:
    from llmaas_cli.terminal.output import print_json

    completion = client.chat(
        conversation.build_messages(prompt), model=conversation.model, **conversation.params
    )
    print_json(completion_to_dict(completion))


def completion_to_dict(completion: Completion) -> dict[str, Any]:
    """Convert an answer to plain JSON values."""
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
