"""``llmaas probe``: check what the client assumes about the service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, UseSandbox

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas_cli.endpoint import Endpoint
    from llmaas_cli.probe.model import Probe
    from llmaas_cli.probe.report import Report
    from llmaas_cli.probe.run import Run

DEFAULT_BUDGET = 0.20


def command(
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Probes whose id begins so, or a section; may be repeated."),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--models",
            "-m",
            help="A model (NAME or NAME=KIND), or 'all'; may be repeated. Defaults to one of each "
            "family.",
        ),
    ] = None,
    budget: Annotated[
        float, typer.Option(min=0.0, metavar="EUR", help="The most that the run may cost.")
    ] = DEFAULT_BUDGET,
    audio: Annotated[
        bool, typer.Option("--audio", help="Also probe transcription and speech.")
    ] = False,
    images: Annotated[bool, typer.Option("--images", help="Also probe images.")] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="File of results; the same command resumes an interrupted run."
        ),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Also write the report as an HTML page.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Folder for the exchanges as cassettes, without key and hosts."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Who answered, in cassettes. Defaults to `service DATE`."
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="File for the profile, which clients read from LLMAAS_PROFILE."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Timeout of each request.")
    ] = 120.0,
    show: Annotated[
        bool, typer.Option("--list", help="List the probes instead; sends nothing.")
    ] = False,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask the service what the client only assumes about it, for at most --budget EUR."""
    from llmaas_cli.commands.probe_view import print_list, print_report
    from llmaas_cli.endpoint import open_endpoint
    from llmaas_cli.probe.table.all import select
    from llmaas_cli.terminal.output import print_json

    probes = _select(only, select)
    if show:
        print_list(probes)
        return
    if record is not None:
        from llmaas_cli.probe.record import require_yaml

        require_yaml()
    flags = {name for name, given in (("audio", audio), ("images", images)) if given}
    with open_endpoint(sandbox=sandbox or None, base_url=base_url) as endpoint:
        client = _client(endpoint, timeout)
        run = _prepare(client, endpoint, probes, models or [], flags, budget, checkpoint, timeout)
        report = _execute(run, endpoint, budget, quiet=as_json)
    key = endpoint.api_key if endpoint.has_key else ""
    _write_files(report, run, key, page=page, record=record, source=source, save=save)
    if as_json:
        print_json(report.to_dict())
    else:
        print_report(report)


def _select(only: list[str] | None, select: Any) -> list[Probe]:
    from llmaas.errors import InvalidInputError

    found: list[Probe] = select(only or ())
    if not found:
        raise InvalidInputError(
            f"--only: no probe begins with {', '.join(only or ())}. See --list."
        )
    return found


def _client(endpoint: Endpoint, timeout: float) -> LLMaaS:
    from llmaas import LLMaaS

    return LLMaaS(
        api_key=endpoint.api_key.strip() or None,
        base_url=endpoint.base_url,
        max_retries=0,
        timeout=timeout,
    )


def _prepare(
    client: LLMaaS,
    endpoint: Endpoint,
    probes: list[Probe],
    names: list[str],
    flags: set[str],
    budget: float,
    path: Path | None,
    timeout: float,
) -> Run:
    """Choose models and plan their probes; what a checkpoint spent counts for ``budget`` (EUR)."""
    from llmaas_cli.probe.checkpoint import Checkpoint
    from llmaas_cli.probe.run import Run, plan
    from llmaas_cli.probe.sender import Sender

    address = "sandbox" if endpoint.is_sandbox else endpoint.base_url
    checkpoint = Checkpoint(path, address)
    chosen = _choose(client, names, timeout)
    left = max(0.0, budget - checkpoint.spent_micro_eur / 1_000_000)
    return Run(
        plan(probes, chosen, frozenset(flags)),
        chosen,
        Sender(client, left, timeout=timeout),
        checkpoint,
    )


def _choose(client: LLMaaS, names: list[str], timeout: float) -> Any:
    """Choose models from the list; the list may be missing if models are named."""
    from llmaas import catalog
    from llmaas.errors import APIError, AuthenticationError
    from llmaas_cli.probe.selection import choose

    try:
        listed = client.models(deadline=timeout)
    except APIError as error:
        if not names or names == ["all"] or isinstance(error, AuthenticationError):
            raise
        listed = []
    catalog.update(listed)
    return choose(listed, names)


def _execute(run: Run, endpoint: Endpoint, budget: float, *, quiet: bool) -> Report:
    from llmaas.pricing import format_eur
    from llmaas_cli.commands.probe_view import progress_bar
    from llmaas_cli.probe.report import Report
    from llmaas_cli.terminal.output import print_status

    report = Report(
        "sandbox" if endpoint.is_sandbox else endpoint.base_url, endpoint.is_sandbox, budget
    )
    print_status(
        f"{len(run.tasks)} probes of {endpoint.description}, at most "
        f"{format_eur(run.highest_micro_eur)}; the budget is {format_eur(round(budget * 1e6))}. "
        + _describe_unpriced(run),
        "dim",
    )
    with progress_bar(len(run.tasks), quiet=quiet) as update:
        for result in run:
            report.results.append(result)
            update(result)
    return report


def _describe_unpriced(run: Run) -> str:
    """Name what the run sends and no budget can limit, because its price is not published."""
    kinds = {str(task.probe.subject) for task in run.tasks if not task.missing}
    named = [name for kind, name in (("speech", "speech"), ("image", "images")) if kind in kinds]
    if not named:
        return ""
    verb = "have" if len(named) > 1 or "images" in named else "has"
    return f"Not included: {' and '.join(named)} {verb} no published price."


def _write_files(
    report: Report,
    run: Run,
    key: str,
    *,
    page: Path | None,
    record: Path | None,
    source: str | None,
    save: Path | None,
) -> None:
    """Write the files that the options name, and say so on stderr."""
    from llmaas_cli.terminal.output import print_status

    if save is not None:
        from llmaas_cli.probe.save import to_profile

        to_profile(report, run.models).write(save)
        print_status(f"profile: {save} (set LLMAAS_PROFILE to it)", "green")
    if page is not None:
        from llmaas_cli.probe.page import to_html

        page.write_text(to_html(report), "utf-8")
        print_status(f"page: {page}", "green")
    if record is not None:
        from llmaas_cli.probe.record import provenance, write_cassettes

        measured = report.measured.date()
        who = source or provenance(report.address, is_sandbox=report.is_sandbox, measured=measured)
        files, dropped = write_cassettes(record, run.exchanges, who, (key,) if key else ())
        left_out = f"; {dropped} exchanges were too large" if dropped else ""
        print_status(f"cassettes: {len(files)} files in {record}{left_out}", "green")
