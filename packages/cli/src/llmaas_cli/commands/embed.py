"""``llmaas embed`` and ``llmaas rerank``: embeddings of texts, and texts ranked by relevance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, Force, InSandbox, Lines, Out, Texts

_AT_ONCE = 256
"""Texts between two writes: what is embedded is not lost when a later text fails."""


def embed(
    inputs: Annotated[
        list[Path] | None, typer.Argument(help="Text files, JSONL files or folders; '-' is stdin.")
    ] = None,
    text: Texts = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "bge-m3:567m",
    dimensions: Annotated[int | None, typer.Option(min=1, help="Length of the vectors.")] = None,
    lines: Lines = False,
    out: Out = None,
    force: Force = False,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
) -> None:
    """Embed texts: one JSON object a text, with its source and its vector."""
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import texts
    from llmaas_cli.commands.results import progress, results

    found = texts(inputs or [], text or [], lines=lines)
    parts = [found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)]
    options = {} if dimensions is None else {"dimensions": dimensions}
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        results(out, as_json=True, many=True, force=force) as sink,
    ):
        for part in progress(parts, len(parts), lambda part: part[0].source):
            texts_of_part = [one.text for one in part]
            embedded = client.embed(texts_of_part, model=model, **options)  # type: ignore[arg-type]
            sink.micro_eur += embedded.cost_micro_eur or 0
            for position, (one, vector) in enumerate(zip(part, embedded.vectors, strict=True)):
                if vector is None:
                    sink.fail(one.source, embedded.errors[position])
                else:
                    sink.add(one.source, "", {"model": embedded.model, "embedding": list(vector)})


def rerank(
    query: Annotated[str, typer.Argument(help="What the texts should answer.")],
    inputs: Annotated[
        list[Path] | None, typer.Argument(help="Text files, JSONL files or folders; '-' is stdin.")
    ] = None,
    text: Texts = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "qwen3-reranker:4b",
    top: Annotated[int | None, typer.Option("--top", "-n", min=1, help="Only the best.")] = None,
    lines: Lines = False,
    out: Out = None,
    force: Force = False,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Order texts by relevance to a query: score, source, and with --json the text as well."""
    from llmaas.text import from_argument
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import texts
    from llmaas_cli.commands.results import results

    found = texts(inputs or [], text or [], lines=lines)
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        results(out, as_json=as_json, many=False, force=force) as sink,
    ):
        ranking = client.rerank(
            from_argument(query), [one.text for one in found], model=model, top_n=top
        )
        sink.micro_eur += ranking.cost_micro_eur
        for rank, ranked in enumerate(ranking.results[:top], 1):
            one, score = found[ranked.index], ranked.relevance_score
            facts = {"rank": rank, "score": score, "text": one.text, "model": ranking.model}
            sink.add(one.source, f"{score:.4f}  {_label(one.source, one.text, lines)}", facts)


def _label(source: str, text: str, lines: bool) -> str:
    """Return how a text is named: itself where it is a line, else its file."""
    return text.strip() if lines or source.startswith("text ") else source
