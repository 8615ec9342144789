"""``llmaas doctor``: diagnosis of the connection, with a fix for each failure."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, InSandbox

if TYPE_CHECKING:
    from llmaas_cli.doctor import Check

DEFAULT_MODELS = ["gpt-oss:120b", "bge-m3:567m", "qwen3-reranker:4b"]
_DETAIL = 30  # columns that a check's words need beside its name
_SIGNS = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "bold red"),
    "skip": ("-", "dim"),
}


def command(
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="A model you need; may be repeated.")
    ] = None,
    call: Annotated[
        bool, typer.Option("--call", help="Also make a small (billed) call of the first model.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="For each check.")
    ] = 10.0,
    scan: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Look for models in this folder's code instead; nothing is sent.",
        ),
    ] = None,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check name, port, TLS, key, clock, latency and models; say what to do about each."""
    from llmaas import LLMaaS
    from llmaas_cli.doctor import Status, examine
    from llmaas_cli.endpoint import open_endpoint
    from llmaas_cli.terminal.output import print_json

    if scan is not None:
        _scan(scan, as_json)
        return
    made: list[Check] = []
    wanted = model or DEFAULT_MODELS
    width = max(len(f"model {name}") for name in wanted)
    with open_endpoint(sandbox=sandbox, base_url=base_url) as where:
        key = where.api_key if sandbox else os.environ.get("LLMAAS_API_KEY", "")
        client = LLMaaS(
            api_key=key.strip() or None, base_url=where.base_url, max_retries=0, timeout=timeout
        )
        with client:
            for check in examine(client, key, wanted, call=call, timeout=timeout):
                made.append(check)
                if not as_json:
                    _print(check, width)
    failed = [check for check in made if check.status is Status.FAIL]
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in made]})
    else:
        _conclude(len(failed), sum(check.status is Status.WARN for check in made))
    if failed:
        raise typer.Exit(1)


def _scan(folder: Path, as_json: bool) -> None:
    """Warn about models in a folder's code."""
    from llmaas_cli.doctor.scan import scan
    from llmaas_cli.terminal.output import print_json, show

    found = list(scan(folder))
    if as_json:
        print_json({"ok": not found, "checks": [asdict(check) for check in found]})
    else:
        for check in found:
            _print(check, max(len(c.name) for c in found))
        if not found:
            show(("No deprecated or redirected model is named there.", "green"))
    if found:
        raise typer.Exit(1)


def _print(check: Check, width: int) -> None:
    """Print a check; long texts stay in their column."""
    from rich.table import Table

    from llmaas_cli.terminal.output import show, stdout, styled

    sign, style = _SIGNS[check.status]
    took = f" ({check.seconds * 1000:.0f} ms)" if check.seconds is not None else ""
    detail = styled(check.detail, (took, "dim"))
    advice = styled((check.advice or "", style))
    if stdout().width < width + _DETAIL:  # the columns would leave no room for words
        show((sign, style), " ", (check.name, "bold"))
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
    show(grid)


def _conclude(failed: int, warned: int) -> None:
    from llmaas_cli.terminal.output import show

    if failed:
        show("\n", ("It does not work yet.", "bold red"), " Start with the first ✗ above.")
    elif warned:
        show("\n", ("It works", "green"), f", with {warned} remark{'s' * (warned > 1)}.")
    else:
        show("\n", ("All is well.", "bold green"))
