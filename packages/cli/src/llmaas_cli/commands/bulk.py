"""``llmaas bulk run``: many prompts from a file, with limits, budgets and checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from llmaas_cli.commands import bulk_options
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


@app.callback()
def bulk() -> None:
    """Answer many prompts: rate-limited, metered, resumable."""


@app.command("run", epilog=_EXAMPLE)
def command(
    prompts: bulk_options.Prompts,
    model: bulk_options.Model,
    out: bulk_options.Out,
    engine: bulk_options.Engine = bulk_options.EngineName.ASYNCIO,
    concurrency: bulk_options.Concurrency = 32,
    max_tokens: bulk_options.MaxTokens = None,
    temperature: bulk_options.Temperature = None,
    system: bulk_options.System = None,
    ordered: bulk_options.Ordered = False,
    retry_errors: bulk_options.RetryErrors = False,
    budget: bulk_options.BudgetEUR = None,
    tier: bulk_options.TierNumber = None,
    redis: bulk_options.Redis = None,
    resubmit: bulk_options.Resubmit = False,
    wait: bulk_options.Wait = True,
    poll: bulk_options.PollSeconds = 30.0,
    workers: bulk_options.Workers = 2,
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
