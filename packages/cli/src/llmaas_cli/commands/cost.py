"""``llmaas cost``: cost estimate of a call before it is sent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson
from llmaas_cli.terminal import stdin

if TYPE_CHECKING:
    from datetime import date


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Text files; '-' or a pipe is standard input.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", "-t", help="The prompt itself.")] = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "gpt-oss:120b",
    output: Annotated[
        int, typer.Option("--output", "-o", min=0, help="Expected tokens of the answer.")
    ] = 500,
    reasoning: Annotated[int, typer.Option(min=0, help="Expected tokens of reasoning.")] = 0,
    calls: Annotated[int, typer.Option("--calls", "-n", min=1, help="Number of calls.")] = 1,
    batch: Annotated[bool, typer.Option("--batch", help="Use the batch price.")] = False,
    rerank: Annotated[
        int | None, typer.Option(min=0, metavar="DOCUMENTS", help="Estimate a rerank call instead.")
    ] = None,
    audio: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Estimate a transcription instead."),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Use the prices of this day."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate the cost of a call before it is sent (a token is about four characters)."""
    day = on.date() if on else None
    if rerank is not None:
        estimate = _estimate_rerank(rerank, calls, day)
    elif audio is not None:
        estimate = _estimate_audio(audio, calls, day)
    else:
        counts = (_prompt_tokens(files or [], text), output, reasoning)
        estimate = _estimate_chat(model, counts, calls, batch, day)
    _print_estimate(estimate, as_json)


def _prompt_tokens(files: list[Path], text: str | None) -> int:
    from llmaas.pricing import estimate_tokens
    from llmaas.text import from_argument

    texts = [_read_text(path) for path in files]
    texts += [from_argument(text)] if text is not None else []
    if not texts:
        if stdin.is_terminal() or stdin.is_closed():
            raise ValueError("The prompt is empty. Pass --text, a file, or standard input.")
        texts = [stdin.read()]
    return sum(map(estimate_tokens, texts))


def _read_text(path: Path) -> str:
    from llmaas.text import read_text

    return stdin.read() if str(path) == "-" else read_text(path)


def _estimate_chat(
    model: str, counts: tuple[int, int, int], calls: int, batch: bool, day: date | None
) -> dict[str, object]:
    """Estimate a chat call, or an embedding call if the model is an embedding model."""
    from llmaas.catalog import resolve, warn_once
    from llmaas.energy import chat_energy_kwh, energy_kwh
    from llmaas.pricing import chat_cost_micro_eur, tariff
    from llmaas.types import Usage

    warn_once(model)
    found = resolve(model).model
    embeds = found is not None and found.category == "embedding"
    prompt, completion, reasoning = (counts[0], 0, 0) if embeds else counts
    usage = Usage(prompt, completion, sum((prompt, completion, reasoning)), reasoning or None)
    format_energy = energy_kwh(model, prompt) if embeds else chat_energy_kwh(usage, model)
    return {
        "model": found.id if found else model,
        "prompt_tokens": prompt * calls,
        "completion_tokens": completion * calls,
        "reasoning_tokens": reasoning * calls,
        "batch": batch,
        "calls": calls,
        "cost_micro_eur": chat_cost_micro_eur(usage, on=day, batch=batch) * calls,
        "energy_kwh_estimate": None if format_energy is None else format_energy * calls,
        "fits_context": _fits_context(
            found.context if found else None, prompt + completion + reasoning
        ),
        "tariff_since": str(tariff(day).since),
    }


def _fits_context(context: int | None, tokens: int) -> bool | None:
    return None if context is None else tokens <= context


def _estimate_rerank(documents: int, calls: int, day: date | None) -> dict[str, object]:
    from llmaas.pricing import rerank_cost_micro_eur, tariff

    cost = rerank_cost_micro_eur(documents * calls, on=day)
    return {
        "documents": documents * calls,
        "calls": calls,
        "cost_micro_eur": cost,
        "tariff_since": str(tariff(day).since),
    }


def _estimate_audio(seconds: float, calls: int, day: date | None) -> dict[str, object]:
    from llmaas.pricing import audio_cost_micro_eur, tariff

    cost = audio_cost_micro_eur(seconds, on=day) * calls
    return {
        "audio_seconds": seconds * calls,
        "calls": calls,
        "cost_micro_eur": cost,
        "tariff_since": str(tariff(day).since),
    }


def _print_estimate(estimate: dict[str, Any], as_json: bool) -> None:
    from llmaas_cli.terminal.output import print_json

    estimate["cost_eur"] = estimate["cost_micro_eur"] / 1_000_000
    if as_json:
        print_json(estimate)
    else:
        _print_table(estimate)


def _print_table(estimate: dict[str, Any]) -> None:
    from llmaas.pricing import format_eur
    from llmaas_cli.terminal.output import print_line, styled, table

    rows = table(("", {"style": "dim"}), ("", {"justify": "right"}))
    for label, value in _rows(estimate):
        rows.add_row(label, value)
    cost = format_eur(estimate["cost_micro_eur"])
    rows.add_row(styled(("cost", "bold")), styled((cost, "bold green")))
    print_line(rows)
    if estimate.get("fits_context") is False:
        print_line(("The prompt exceeds the model's context.", "yellow"))


def _rows(estimate: dict[str, Any]) -> list[tuple[str, str]]:
    from llmaas_cli.format import format_count, format_energy

    labels = {
        "calls": "calls",
        "prompt_tokens": "prompt tokens (estimate)",
        "completion_tokens": "answer tokens (assumed)",
        "reasoning_tokens": "reasoning tokens (assumed)",
        "documents": "documents",
        "audio_seconds": "seconds of audio",
    }
    rows = [("model", estimate["model"])] if "model" in estimate else []
    rows += [(labels[k], format_count(v)) for k, v in estimate.items() if k in labels and v]
    if used := estimate.get("energy_kwh_estimate"):
        rows.append(("energy (estimate)", format_energy(used)))
    price = "batch prices" if estimate.get("batch") else "prices"
    return [*rows, (price, f"of {estimate['tariff_since']}")]
