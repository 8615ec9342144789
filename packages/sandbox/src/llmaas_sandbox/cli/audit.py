"""``python -m llmaas_sandbox audit``: verify the trail, report on it."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence

from llmaas_sandbox.audit.report import readable, report
from llmaas_sandbox.audit.trail import Trail
from llmaas_sandbox.cli.folders import add_option, open_store


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    root = argparse.ArgumentParser(prog="llmaas_sandbox audit", description=__doc__)
    add_option(root)
    commands = root.add_subparsers(dest="command", required=True)
    commands.add_parser("verify", help="exit code 1 when the trail was tampered with")
    told = commands.add_parser("report", help="who used what")
    told.add_argument("--tenant")
    told.add_argument("--json", action="store_true")
    return root


def run(arguments: Sequence[str]) -> int:
    """Run a command. Return the exit code."""
    options = parser()
    given = options.parse_args(arguments)
    try:
        trail = Trail(open_store(options, given))
    except (ValueError, sqlite3.Error) as problem:
        sys.stdout.write(f"0 records, BROKEN: {problem}\n")
        return 1
    if given.command == "verify":
        verdict = trail.verify()
        state = "intact" if verdict.intact else f"BROKEN: {verdict.problem}"
        sys.stdout.write(f"{verdict.records} records, {state}\n")
        return 0 if verdict.intact else 1
    told = report(trail, given.tenant)
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if given.json else readable(told))
    return 0 if told["trail"]["intact"] else 1
