"""``llmaas demo``: a question answered over real documents, by every installed framework."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, InSandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.metadata import EntryPoint

    from llmaas_cli.demo import DemoResult, DemoSettings, Document, Endpoint


def command(
    framework: Annotated[
        list[str] | None,
        typer.Option(
            "--framework", "-f", help="May be repeated; all that are installed by default."
        ),
    ] = None,
    question: Annotated[str | None, typer.Option("--question", "-q", help="Your question.")] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Of the default question: en, es or fr.")
    ] = None,
    documents: Annotated[
        Path | None, typer.Option("--documents", "-d", help="A folder of .md, .txt or .pdf files.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="The model that answers.")
    ] = "gpt-oss:120b",
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question over real documents: embed, rerank, stream, cite, and say what it cost.

    The embedded sandbox answers unless LLMAAS_API_KEY is set.
    """
    from llmaas_cli.commands import demo_view
    from llmaas_cli.demo import DemoSettings, load_documents, open_endpoint

    chosen = _chosen(framework)
    asked, texts = question or _default(language), load_documents(documents)
    with open_endpoint(sandbox=True if sandbox else None, base_url=base_url) as where:
        if not as_json:
            demo_view.introduce(where, asked, texts, len(chosen))
        settings = DemoSettings(where.base_url, where.api_key, chat_model=model)
        outcomes = _run_all(chosen, asked, texts, settings, as_json)
    _show(outcomes, where, asked, as_json)
    if any(isinstance(outcome, Exception) for outcome in outcomes.values()):
        raise typer.Exit(1)


def _chosen(names: Sequence[str] | None) -> Mapping[str, EntryPoint]:
    from llmaas_cli.demo import frameworks

    found = frameworks()
    if unknown := [name for name in names or () if name not in found]:
        raise ValueError(f"no demo is called {unknown[0]!r}; installed: {', '.join(found)}")
    return {name: found[name] for name in names or found}


def _default(language: str | None) -> str:
    from llmaas_cli.demo import QUESTIONS

    spoken = language or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    if language and language not in QUESTIONS:
        raise ValueError(f"the default question is in {' or '.join(QUESTIONS)}, not {language!r}")
    return QUESTIONS.get(spoken[:2], QUESTIONS["en"])


def _run_all(
    chosen: Mapping[str, EntryPoint],
    question: str,
    documents: Sequence[Document],
    settings: DemoSettings,
    quiet: bool,
) -> dict[str, DemoResult | Exception]:
    """Run the demos one after the other; one that fails does not stop the others."""
    from llmaas_cli.commands.demo_view import Performance
    from llmaas_cli.demo import run

    outcomes: dict[str, DemoResult | Exception] = {}
    for name, entry in chosen.items():
        with Performance(name, quiet=quiet, alone=len(chosen) == 1) as performance:
            try:
                outcomes[name] = run(
                    entry, question, documents, settings=settings, out=performance.out
                )
            except Exception as error:
                if os.environ.get("LLMAAS_DEBUG"):
                    raise
                outcomes[name] = error
    return outcomes


def _show(
    outcomes: Mapping[str, DemoResult | Exception], where: Endpoint, asked: str, as_json: bool
) -> None:
    from llmaas_cli.commands import demo_view
    from llmaas_cli.terminal.output import print_json

    if as_json:
        print_json(_plain(outcomes, where, asked))
    elif len(outcomes) == 1:
        [(name, outcome)] = outcomes.items()
        demo_view.show_one(name, outcome, is_sandbox=where.is_sandbox)
    else:
        demo_view.compare(outcomes, is_sandbox=where.is_sandbox)


def _plain(
    outcomes: Mapping[str, DemoResult | Exception], where: Endpoint, asked: str
) -> dict[str, Any]:
    from llmaas_cli.format import one_line
    from llmaas_cli.terminal.failures import error_fields

    results = [
        {"framework": name, "error": error_fields(outcome, one_line(outcome))}
        if isinstance(outcome, Exception)
        else outcome.as_dict()
        for name, outcome in outcomes.items()
    ]
    return {
        "question": asked,
        "sandbox": where.is_sandbox,
        "base_url": where.base_url,
        "results": results,
    }
