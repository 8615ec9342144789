"""``python -m llmaas_sandbox keys``: create, list, revoke and rotate keys."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

from llmaas_sandbox.auth.key_store import GRACE_SECONDS, KeyStore
from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.cli.data_folder import add_option, open_store
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.limits.tiers import TIERS


def build_parser() -> argparse.ArgumentParser:
    """Build the option parser."""
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
    """Run a command that prints JSON; return the exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        store = KeyStore(open_store(parser, options), Clock())
        return _run_command(store, options)
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1


def _run_command(store: KeyStore, options: argparse.Namespace) -> int:
    if options.command == "create":
        names = ("tenant", "label", "models", "tier", "hourly_tokens", "rotate_every")
        return _print_with_secret(*store.make(**{n: getattr(options, n) for n in names}))
    if options.command == "list":
        return _print_json([key.to_dict() for key in store.list_keys()])
    if store.get(options.id) is None:
        sys.stderr.write(f"no key {options.id}\n")
        return 1
    if options.command == "revoke":
        return _print_json(store.revoke(options.id).to_dict())
    return _print_with_secret(*store.rotate(options.id, options.grace))


def _print_with_secret(key: Key, secret: str) -> int:
    return _print_json({**key.to_dict(), "key": secret})


def _print_json(value: Mapping[str, object] | Sequence[object]) -> int:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    return 0
