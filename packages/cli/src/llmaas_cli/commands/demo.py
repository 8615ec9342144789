"""``llmaas demo``: a question answered over real documents, by every installed framework."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, UseSandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.metadata import EntryPoint

    from llmaas_cli.demo import DemoResult, DemoSettings, Document, Endpoint


def command(
    framework: Annotated[
        list[str] | None,
        typer.Option(
            "--framework", "-f", help="May be repeated. Defaults to all that are installed."
        ),
    ] = None,
    question: Annotated[str | None, typer.Option("--question", "-q", help="The question.")] = None,
    language: Annotated[
        str | None,
        typer.Option("--language", "-l", help="Language of the default question: en, es or fr."),
    ] = None,
    documents: Annotated[
        Path | None, typer.Option("--documents", "-d", help="A folder of .md, .txt or .pdf files.")
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="The chat model.")] = "gpt-oss:120b",
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question over real documents: embed, rerank, stream, cite, and print the cost.

    Uses the embedded sandbox unless LLMAAS_API_KEY, LLMAAS_BASE_URL or --base-url is set.
    """
    from llmaas_cli.commands import demo_view
    from llmaas_cli.demo import DemoSettings, load_documents, open_endpoint

    entries = _select_frameworks(framework)
    asked_question, texts = question or _default_question(language), load_documents(documents)
    with open_endpoint(sandbox=sandbox or None, base_url=base_url) as endpoint:
        if not as_json:
            demo_view.print_header(endpoint, asked_question, texts, len(entries))
        settings = DemoSettings(endpoint.base_url, endpoint.api_key, chat_model=model)
        outcomes = _run_all(entries, asked_question, texts, settings, as_json)
    _print_outcomes(outcomes, endpoint, asked_question, as_json)
    if any(isinstance(outcome, Exception) for outcome in outcomes.values()):
        raise typer.Exit(1)


def _select_frameworks(names: Sequence[str] | None) -> Mapping[str, EntryPoint]:
    from llmaas_cli.demo import frameworks

    found = frameworks()
    if unknown := [name for name in names or () if name not in found]:
        raise ValueError(f"--framework must be one of {', '.join(found)}, got {unknown[0]!r}.")
    return {name: found[name] for name in names or found}


def _default_question(language: str | None) -> str:
    from llmaas_cli.demo import QUESTIONS

    tag = language or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    if language and language not in QUESTIONS:
        raise ValueError(f"--language must be {' or '.join(QUESTIONS)}, got {language!r}.")
    return QUESTIONS.get(tag[:2], QUESTIONS["en"])


def _run_all(
    entries: Mapping[str, EntryPoint],
    question: str,
    documents: Sequence[Document],
    settings: DemoSettings,
    is_quiet: bool,
) -> dict[str, DemoResult | Exception]:
    """Run the demos one after the other. A failure does not stop the others."""
    from llmaas_cli.commands.demo_view import AnswerDisplay
    from llmaas_cli.demo import run

    outcomes: dict[str, DemoResult | Exception] = {}
    for name, entry in entries.items():
        with AnswerDisplay(name, is_quiet=is_quiet, is_only=len(entries) == 1) as display:
            try:
                outcomes[name] = run(
                    entry, question, documents, settings=settings, out=display.write
                )
            except Exception as error:
                if os.environ.get("LLMAAS_DEBUG"):
                    raise
                outcomes[name] = error
    return outcomes


def _print_outcomes(
    outcomes: Mapping[str, DemoResult | Exception],
    endpoint: Endpoint,
    asked_question: str,
    as_json: bool,
) -> None:
    from llmaas_cli.commands import demo_view
    from llmaas_cli.terminal.output import print_json

    if as_json:
        print_json(_outcomes_to_dict(outcomes, endpoint, asked_question))
    elif len(outcomes) == 1:
        [(name, outcome)] = outcomes.items()
        demo_view.print_result(name, outcome, is_sandbox=endpoint.is_sandbox)
    else:
        demo_view.print_comparison(outcomes, is_sandbox=endpoint.is_sandbox)


def _outcomes_to_dict(
    outcomes: Mapping[str, DemoResult | Exception], endpoint: Endpoint, asked_question: str
) -> dict[str, object]:
    from llmaas_cli.format import describe_error
    from llmaas_cli.terminal.failures import error_fields

    results = [
        {"framework": name, "error": error_fields(outcome, describe_error(outcome))}
        if isinstance(outcome, Exception)
        else outcome.as_dict()
        for name, outcome in outcomes.items()
    ]
    return {
        "question": asked_question,
        "sandbox": endpoint.is_sandbox,
        "base_url": endpoint.base_url,
        "results": results,
    }
