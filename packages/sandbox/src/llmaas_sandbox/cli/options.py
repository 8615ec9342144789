"""Options of ``serve``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def build_parser() -> argparse.ArgumentParser:
    """Build the option parser."""
    root = argparse.ArgumentParser(
        prog="llmaas_sandbox", description="Serve a sandbox. Other commands: keys, audit."
    )
    _who_may_ask(root)
    _answers(root)
    _engine_behind(root)
    return root


def _who_may_ask(root: argparse.ArgumentParser) -> None:
    add = root.add_argument_group("address, keys and limits").add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8080, help="0 picks a free one (default: %(default)s)")
    add(
        "--tls",
        choices=("good", "expired", "wrong-host", "self-signed"),
        help="speak TLS 1.3 with a certificate of this kind",
    )
    add("--key", action="append", dest="api_keys", help="an API key that works; may be repeated")
    add("--admin-key", help="the key of /admin and /console")
    add("--tier", choices=("1", "2", "3", "4", "monthly"), help="billing tier of the keys")
    add("--data-dir", type=Path, help="keep keys, audit and quotas here")
    add(
        "--workers",
        type=int,
        metavar="N",
        help="serve in N processes that share keys, limits, batches and audit (default: 1)",
    )
    add("--redis-url", help="share quotas with other sandboxes")
    add("--audit-content", **_SWITCH, help="include the content of requests in the audit log")
    add("--alert-webhook", help="URL that alerts are posted to")


def _answers(root: argparse.ArgumentParser) -> None:
    add = root.add_argument_group("answers").add_argument
    add("--faults", help="faults for every request, as in x-sandbox-fault")
    add(
        "--profile",
        type=Path,
        metavar="FILE",
        help="emulate the service of this profile, which llmaas probe --save wrote",
    )
    add("--seed", type=int, help="what odds and jitter of faults are drawn from (default: 0)")
    add("--rerank-shape", choices=("new", "old"), help="shape of rerank answers (default: new)")
    add("--tokens-per-second", type=float, help="pace of answers; 0 answers at once (default)")
    add(
        "--speed",
        type=float,
        help="pace relative to the catalog's speed: 1 is real time, 0 is unlimited",
    )
    add("--machine-capacity", type=int, help="requests that a machine serves at a time")
    add("--strict-lifecycle", **_SWITCH, help="404 for models past their end of support")
    add("--prompt-filter", **_SWITCH, help="refuse suspicious prompts (403)")
    add("--batch-night-only", **_SWITCH, help="run batches at night and on weekends only")
    add("--legacy-batches", **_SWITCH, help="serve the retired /v1/files and /v1/batches")


def _engine_behind(root: argparse.ArgumentParser) -> None:
    add = root.add_argument_group("a real engine").add_argument
    add("--upstream", help="URL of an OpenAI-compatible engine that answers instead")
    add("--upstream-key", help="the engine's API key")
    add("--record", type=Path, metavar="FOLDER", help="keep exchanges with --upstream here")
    add("--replay", type=Path, metavar="FOLDER", help="answer from exchanges recorded here")
    add(
        "--replay-fallback",
        **_SWITCH,
        help="answer requests without a recording by --upstream or the sandbox, not by 404",
    )
    add("--replay-speed", type=float, help="1 is as recorded, 0 is at once (default)")


_SWITCH: Any = {"action": "store_true", "default": None}
