"""``python -m llmaas_sandbox audit``: verify the audit log, or summarize it."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence

from llmaas_sandbox.audit.log import AuditLog
from llmaas_sandbox.audit.report import build_report, to_text
from llmaas_sandbox.cli.data_folder import add_option, open_store


def build_parser() -> argparse.ArgumentParser:
    """Build the option parser."""
    root = argparse.ArgumentParser(prog="llmaas_sandbox audit", description=__doc__)
    add_option(root)
    commands = root.add_subparsers(dest="command", required=True)
    commands.add_parser("verify", help="check the hash chain; exit with 1 if it is broken")
    report = commands.add_parser("report", help="summarize usage per tenant, key and model")
    report.add_argument("--tenant")
    report.add_argument("--json", action="store_true")
    return root


def run(arguments: Sequence[str]) -> int:
    """Run a command. Return the exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        trail = AuditLog(open_store(parser, options))
    except (ValueError, sqlite3.Error) as problem:
        sys.stdout.write(f"0 records, BROKEN: {problem}\n")
        return 1
    if options.command == "verify":
        verdict = trail.verify()
        state = "intact" if verdict.intact else f"BROKEN: {verdict.problem}"
        sys.stdout.write(f"{verdict.records} records, {state}\n")
        return 0 if verdict.intact else 1
    report = build_report(trail, options.tenant)
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if options.json else to_text(report))
    return 0 if report["trail"]["intact"] else 1
