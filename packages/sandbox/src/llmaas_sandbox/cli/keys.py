"""``python -m llmaas_sandbox keys``: make, list, revoke and rotate keys."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.auth.ring import GRACE_SECONDS, Ring
from llmaas_sandbox.cli.folders import add_option, open_store
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.limits.tiers import TIERS


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    root = argparse.ArgumentParser(prog="llmaas_sandbox keys", description=__doc__)
    add_option(root)
    commands = root.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key; its secret is shown once")
    create.add_argument("--tenant", default="default")
    create.add_argument("--label", default="")
    create.add_argument("--model", action="append", dest="models", help="a name or a pattern")
    create.add_argument("--tier", choices=tuple(TIERS), default="monthly")
    create.add_argument("--hourly-tokens", type=int)
    create.add_argument("--rotate-every", type=float, help="seconds")
    commands.add_parser("list", help="show every key, without secrets")
    for name in ("revoke", "rotate"):
        commands.add_parser(name).add_argument("id")
    commands.choices["rotate"].add_argument("--grace", type=float, default=GRACE_SECONDS)
    return root


def run(arguments: Sequence[str]) -> int:
    """Run a command; answers are JSON. Return the exit code."""
    options = parser()
    given = options.parse_args(arguments)
    try:
        ring = Ring(open_store(options, given), Clock())
        return _run(ring, given)
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1


def _run(ring: Ring, given: argparse.Namespace) -> int:
    if given.command == "create":
        names = ("tenant", "label", "models", "tier", "hourly_tokens", "rotate_every")
        return _shown_once(*ring.make(**{n: getattr(given, n) for n in names}))
    if given.command == "list":
        return _say([key.shown() for key in ring.of_tenant()])
    if ring.get(given.id) is None:
        sys.stderr.write(f"no key {given.id}\n")
        return 1
    if given.command == "revoke":
        return _say(ring.revoke(given.id).shown())
    return _shown_once(*ring.rotate(given.id, given.grace))


def _shown_once(key: Key, secret: str) -> int:
    return _say({**key.shown(), "key": secret})


def _say(told: Mapping[str, Any] | Sequence[Any]) -> int:
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return 0
