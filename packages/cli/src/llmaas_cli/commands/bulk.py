"""``llmaas bulk run``: many prompts from a file, with limits, budgets and checkpoints."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, UseSandbox

if TYPE_CHECKING:
    from llmaas.bulk import Report

_EXAMPLE = (
    "Example: llmaas bulk run prompts.jsonl --model gpt-oss:120b --out answers.jsonl --budget 5"
)

app = typer.Typer(
    help="Answer many prompts: rate-limited, metered, resumable.",
    epilog=_EXAMPLE,
    no_args_is_help=True,
)


class EngineName(StrEnum):
    """Engines of a bulk run."""

    ASYNCIO = "asyncio"
    BATCH = "batch"
    RAY = "ray"


@app.callback()
def bulk() -> None:
    """Answer many prompts: rate-limited, metered, resumable."""


@app.command("run", epilog=_EXAMPLE)
def command(
    prompts: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="JSONL: a string, messages, or an object with prompt or messages on each line.",
        ),
    ],
    model: Annotated[str, typer.Option("--model", "-m")],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="Results, one JSON line each. An existing run is resumed."
        ),
    ],
    engine: Annotated[
        EngineName, typer.Option(help="Concurrent calls, the batch endpoint (half price), or Ray.")
    ] = EngineName.ASYNCIO,
    concurrency: Annotated[int, typer.Option(min=1, help="Maximum of concurrent calls.")] = 32,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest answer, in tokens.")
    ] = None,
    temperature: Annotated[float | None, typer.Option()] = None,
    system: Annotated[
        str | None, typer.Option("--system", "-s", help="System message of each prompt.")
    ] = None,
    ordered: Annotated[
        bool, typer.Option("--ordered", help="Sort the results at the end.")
    ] = False,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Retry prompts that failed in an earlier run.")
    ] = False,
    budget: Annotated[
        float | None,
        typer.Option(min=0, metavar="EUR", help="Limit of the cost, over all resumed runs."),
    ] = None,
    tier: Annotated[
        int | None, typer.Option(min=1, max=4, help="Stay within this tier's output-token limit.")
    ] = None,
    redis: Annotated[
        str | None, typer.Option(metavar="URL", help="Share --tier and --budget through Redis.")
    ] = None,
    resubmit: Annotated[
        bool, typer.Option("--resubmit", help="Resubmit lost batches: they may be billed twice.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for batches, or collect them later.")
    ] = True,
    poll: Annotated[
        float, typer.Option(min=0, help="Seconds between two requests for a batch.")
    ] = 30.0,
    workers: Annotated[int, typer.Option(min=1, help="Ray's worker processes.")] = 2,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Answer all prompts of a file. Run the same command again to resume an interrupted run."""
    from llmaas_cli.commands.bulk_view import print_report, progress_bar
    from llmaas_cli.commands.connection import open_client

    engine_options: dict[str, dict[str, Any]] = {
        "asyncio": {},
        "batch": {"resubmit": resubmit, "wait": wait, "poll": poll},
        "ray": {"workers": workers},
    }
    params = {"max_tokens": max_tokens, "temperature": temperature}
    call_options = {name: value for name, value in params.items() if value is not None}
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        progress_bar(quiet=as_json) as progress,
    ):
        limited_client = client.with_options(hooks=_build_hooks(out, budget, tier, redis))
        report = _run(
            prompts,
            out,
            model=model,
            client=limited_client,
            engine=str(engine),
            concurrency=concurrency,
            retry_errors=retry_errors,
            ordered=ordered,
            system=system,
            progress=progress,
            engine_options=engine_options[engine],
            **call_options,
        )
    print_report(report, as_json)
    if report.unconfirmed or report.progress.failed:
        raise typer.Exit(1)


def _run(prompts: Path, out: Path, **options: Any) -> Report:
    from llmaas import bulk

    return bulk.run(prompts, out, **options)


def _build_hooks(
    out: Path, budget: float | None, tier: int | None, redis: str | None
) -> tuple[Any, ...]:
    """Build the hooks that enforce the limits of a run."""
    if budget is None and tier is None:
        return ()
    from llmaas.quota import Budget, Quota, RedisLedger, SQLiteLedger

    shared_ledger = RedisLedger(redis) if redis else None
    hooks: list[Any] = []
    if tier is not None:
        hooks.append(Quota(tier, ledger=shared_ledger))
    if budget is not None:
        ledger = shared_ledger or SQLiteLedger(out.with_name(out.name + ".budget"))
        hooks.append(Budget(budget, ledger=ledger, account=str(out.absolute())))
    return tuple(hooks)
