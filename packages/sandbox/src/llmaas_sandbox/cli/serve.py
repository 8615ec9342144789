"""``python -m llmaas_sandbox [serve]``: serve until interrupted."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import uvicorn

from llmaas_sandbox.cli.options import parser
from llmaas_sandbox.config import Config
from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.server import certificates_for, server_config


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
