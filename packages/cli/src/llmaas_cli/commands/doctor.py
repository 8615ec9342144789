"""``llmaas doctor``: diagnosis of the connection, with a fix for each failure."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, UseSandbox

if TYPE_CHECKING:
    from llmaas_cli.doctor import Check

DEFAULT_MODELS = ["gpt-oss:120b", "bge-m3:567m", "qwen3-reranker:4b"]
_MIN_DETAIL_WIDTH = 30  # terminal columns for the text beside a check's name
_SIGNS = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "bold red"),
    "skip": ("-", "dim"),
}


def command(
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="A model to check; may be repeated.")
    ] = None,
    call: Annotated[
        bool, typer.Option("--call", help="Also make a small (billed) call of the first model.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Timeout of each check.")
    ] = 10.0,
    scan: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Search this folder's code for outdated model names instead; sends nothing.",
        ),
    ] = None,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check name, port, TLS, key, clock, latency and models, and print a fix for each failure."""
    from llmaas import LLMaaS
    from llmaas_cli.doctor import Status, run_checks
    from llmaas_cli.endpoint import open_endpoint
    from llmaas_cli.terminal.output import print_json

    if scan is not None:
        _print_scan(scan, as_json)
        return
    checks: list[Check] = []
    models = model or DEFAULT_MODELS
    width = max(len(f"model {name}") for name in models)
    with open_endpoint(sandbox=sandbox, base_url=base_url) as endpoint:
        sent = endpoint.api_key.strip() or None
        key = endpoint.api_key if endpoint.has_key or not sent else None
        client = LLMaaS(api_key=sent, base_url=endpoint.base_url, max_retries=0, timeout=timeout)
        with client:
            for check in run_checks(client, key, models, call=call, timeout=timeout):
                checks.append(check)
                if not as_json:
                    _print_check(check, width)
    failed = [check for check in checks if check.status is Status.FAIL]
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        _print_conclusion(len(failed), sum(check.status is Status.WARN for check in checks))
    if failed:
        raise typer.Exit(1)


def _print_scan(folder: Path, as_json: bool) -> None:
    """Print a warning for each outdated model name in a folder's code."""
    from llmaas_cli.doctor.scan import scan
    from llmaas_cli.terminal.output import print_json, print_line

    warnings = list(scan(folder))
    if as_json:
        print_json({"ok": not warnings, "checks": [asdict(check) for check in warnings]})
    else:
        for check in warnings:
            _print_check(check, max(len(c.name) for c in warnings))
        if not warnings:
            print_line(("No deprecated or redirected model name found.", "green"))
    if warnings:
        raise typer.Exit(1)


def _print_check(check: Check, width: int) -> None:
    """Print a check as a row of aligned columns."""
    from rich.table import Table

    from llmaas_cli.terminal.output import print_line, stdout, styled

    sign, style = _SIGNS[check.status]
    took = f" ({check.seconds * 1000:.0f} ms)" if check.seconds is not None else ""
    detail = styled(check.detail, (took, "dim"))
    advice = styled((check.advice or "", style))
    if stdout().width < width + _MIN_DETAIL_WIDTH:  # too narrow for columns
        print_line((sign, style), " ", (check.name, "bold"))
        for text in (detail, advice):
            if text.plain:
                stdout().print(text)
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style=style)
    grid.add_column(style="bold", width=width)
    grid.add_column(overflow="fold")
    grid.add_row(sign, check.name, detail)
    if check.advice:
        grid.add_row("", "", advice)
    print_line(grid)


def _print_conclusion(failed: int, warned: int) -> None:
    from llmaas_cli.terminal.output import print_line

    if failed:
        print_line("\n", ("Some checks failed.", "bold red"), " Start with the first ✗ above.")
    elif warned:
        print_line(
            "\n", ("All checks passed", "green"), f", with {warned} warning{'s' * (warned > 1)}."
        )
    else:
        print_line("\n", ("All checks passed.", "bold green"))
