"""``python -m llmaas_sandbox [serve]``: serve until interrupted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import uvicorn

from llmaas_sandbox.config import Config
from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.server import certificates_for, server_config


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    root = argparse.ArgumentParser(
        prog="llmaas_sandbox", description="Serve a sandbox. Other commands: keys, audit."
    )
    root.add_argument("--host", default="127.0.0.1")
    root.add_argument("--port", type=int, default=8080, help="0 picks a free one")
    root.add_argument("--key", action="append", dest="api_keys", help="an API key that works")
    root.add_argument("--admin-key", help="the key of /admin and /console")
    root.add_argument("--tier", choices=("1", "2", "3", "4", "monthly"))
    root.add_argument("--data-dir", type=Path, help="keep keys, audit and quotas here")
    root.add_argument("--redis-url", help="share quotas with other sandboxes")
    root.add_argument("--faults", help="faults for every request, as in x-sandbox-fault")
    root.add_argument("--rerank-shape", choices=("new", "old"))
    root.add_argument("--tokens-per-second", type=float)
    root.add_argument("--speed", type=float, help="1: as fast as the catalogue says")
    root.add_argument("--machine-capacity", type=int)
    root.add_argument("--alert-webhook")
    root.add_argument("--upstream", help="an OpenAI-compatible engine that answers instead")
    root.add_argument("--upstream-key")
    root.add_argument("--tls", choices=("good", "expired", "wrong-host", "self-signed"))
    for switch in ("audit-content", "strict-lifecycle", "prompt-filter", "batch-night-only"):
        root.add_argument(f"--{switch}", action="store_true", default=None)
    root.add_argument("--legacy-batches", action="store_true", default=None)
    return root


def run(arguments: Sequence[str]) -> int:
    """Serve."""
    options = parser()
    given = vars(options.parse_args(arguments))
    known = {f.name for f in fields(Config)}
    settings: dict[str, Any] = {k: v for k, v in given.items() if k in known and v is not None}
    if "api_keys" in settings:
        settings["api_keys"] = tuple(settings["api_keys"])
    try:
        config = Config(**settings)
        config.check_exposure(given["host"])
        state = State(config)
    except Refusal as refused:
        options.error(refused.body["error"]["message"])
    except ValueError as wrong:
        options.error(str(wrong))
    state.host = given["host"]
    serve(state, given["host"], given["port"])
    return 0


def serve(state: State, host: str, port: int) -> None:
    """Run the server in this thread until a signal ends it."""
    certificates = certificates_for(state.config, host)
    settings = server_config(state, certificates, host=host, port=port)
    listener = settings.bind_socket()
    root = f"{'https' if settings.is_ssl else 'http'}://{host}:{listener.getsockname()[1]}"
    lines = [f"LLMAAS_BASE_URL={root}/v1", f"LLMAAS_API_KEY={state.config.api_keys[0]}"]
    if certificates:
        lines.append(f"SSL_CERT_FILE={certificates.authority}")
    lines.append(f"# console: {root}/console#{state.config.admin_key}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    uvicorn.Server(settings).run([listener])
