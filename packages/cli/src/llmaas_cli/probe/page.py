"""Report as one self-contained HTML page."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from llmaas.pricing import format_eur
from llmaas_cli.probe.report import SANDBOX_NOTE, Finding, Report

_ORDER = ("confirmed", "contradicted", "unclear", "not supported", "not run")


def to_html(report: Report) -> str:
    """Render a report. The page loads nothing from elsewhere and contains no script of others."""
    template = files("llmaas_cli").joinpath("probe", "page.html").read_text("utf-8")
    counts = report.counts
    totals = "".join(
        f'<button type="button" data-verdict="{name}" aria-pressed="false"><b>{counts[name]}</b> '
        f"{name}</button>"
        for name in _ORDER
        if counts.get(name)
    )
    return Template(template).substitute(
        address=escape(report.address),
        measured=f"{report.measured:%Y-%m-%d %H:%M} UTC",
        cost=format_eur(report.cost_micro_eur),
        note=f'<p class="note">{escape(SANDBOX_NOTE)}</p>' if report.is_sandbox else "",
        totals=totals,
        rows=_render_rows(report.findings),
    )


def _render_rows(findings: list[Finding]) -> str:
    rows, section = [], ""
    for finding in findings:
        if finding.probe.section != section:
            section = finding.probe.section
            rows.append(f'<tr class="section"><th colspan="4">{escape(section)}</th></tr>')
        rows.append(_render_row(finding))
    return "\n".join(rows)


def _render_row(finding: Finding) -> str:
    verdict = str(finding.verdict or "not run")
    models = ", ".join(escape(name) for name in finding.models if name)
    return (
        f'<tr data-verdict="{verdict}"><td><code>{escape(finding.probe.id)}</code>'
        f"<p>{_code(finding.probe.assumes)}</p><small>{_code(finding.probe.source)}</small></td>"
        f'<td><span class="verdict {verdict.replace(" ", "-")}">{verdict}</span>'
        f"<small>{models}</small></td>"
        f"<td>{_render_evidence(finding.evidence)}</td><td>{_code(finding.follows)}</td></tr>"
    )


def _render_evidence(evidence: Any) -> str:
    if not evidence:
        return ""
    status = ", ".join(str(each) for each in evidence["status"])
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(_show(value))}</dd>"
        for name, value in evidence["facts"].items()
    )
    headers = ", ".join(evidence["headers"])
    return (
        f"<details><summary>status {escape(status)}</summary><dl>{facts}</dl>"
        f"<p><small>shape</small> <code>{escape(evidence['shape'])}</code></p>"
        f"<p><small>headers</small> {escape(headers)}</p></details>"
    )


def _show(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _code(text: str) -> str:
    """Render text with its code spans."""
    parts = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
