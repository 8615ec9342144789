"""``llmaas embed`` and ``llmaas rerank``: embeddings of texts, and texts ranked by relevance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, Force, Lines, Out, Texts, UseSandbox

_BATCH_SIZE = 256
"""Texts per write: vectors of earlier batches are kept when a later text fails."""


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
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
) -> None:
    """Embed texts and write one JSON object per text, with its source and its vector."""
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import read_texts
    from llmaas_cli.commands.results import open_results, show_progress

    texts = read_texts(inputs or [], text or [], lines=lines)
    batches = [texts[start : start + _BATCH_SIZE] for start in range(0, len(texts), _BATCH_SIZE)]
    options = {} if dimensions is None else {"dimensions": dimensions}
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        open_results(out, as_json=True, has_many=True, force=force) as writer,
    ):
        for batch in show_progress(batches, len(batches), lambda batch: batch[0].source):
            batch_texts = [entry.text for entry in batch]
            embedded = client.embed(batch_texts, model=model, **options)  # type: ignore[arg-type]
            writer.micro_eur += embedded.cost_micro_eur or 0
            for position, (entry, vector) in enumerate(zip(batch, embedded.vectors, strict=True)):
                if vector is None:
                    writer.fail(entry.source, embedded.errors[position])
                else:
                    writer.add(
                        entry.source, "", {"model": embedded.model, "embedding": list(vector)}
                    )


def rerank(
    query: Annotated[str, typer.Argument(help="The query.")],
    inputs: Annotated[
        list[Path] | None, typer.Argument(help="Text files, JSONL files or folders; '-' is stdin.")
    ] = None,
    text: Texts = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "qwen3-reranker:4b",
    top: Annotated[
        int | None, typer.Option("--top", "-n", min=1, help="Number of results.")
    ] = None,
    lines: Lines = False,
    out: Out = None,
    force: Force = False,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Rank texts by relevance to a query: score, source, and with --json the text."""
    from llmaas.text import from_argument
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import read_texts
    from llmaas_cli.commands.results import open_results

    texts = read_texts(inputs or [], text or [], lines=lines)
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        open_results(out, as_json=as_json, has_many=False, force=force) as writer,
    ):
        ranking = client.rerank(
            from_argument(query), [entry.text for entry in texts], model=model, top_n=top
        )
        writer.micro_eur += ranking.cost_micro_eur
        for rank, ranked in enumerate(ranking.results[:top], 1):
            entry, score = texts[ranked.index], ranked.relevance_score
            facts = {"rank": rank, "score": score, "text": entry.text, "model": ranking.model}
            writer.add(
                entry.source, f"{score:.4f}  {_label(entry.source, entry.text, lines)}", facts
            )


def _label(source: str, text: str, lines: bool) -> str:
    """Choose the label of a text: the text itself if it is a line, else its file."""
    return text.strip() if lines or source.startswith("text ") else source
