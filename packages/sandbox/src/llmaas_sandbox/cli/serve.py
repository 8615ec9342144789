"""``python -m llmaas_sandbox [serve]``: serve until interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import uvicorn

from llmaas_sandbox.cli.garbage_collector import tune_garbage_collector
from llmaas_sandbox.cli.options import build_parser
from llmaas_sandbox.cli.workers import announce, open_socket, serve_in_workers, with_data_folder
from llmaas_sandbox.config import Config
from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.server import prepare_certificates, server_config
from llmaas_sandbox.state import State


def run(arguments: Sequence[str]) -> int:
    """Serve."""
    options = build_parser()
    given = vars(options.parse_args(arguments))
    known = {f.name for f in fields(Config)}
    settings: dict[str, Any] = {k: v for k, v in given.items() if k in known and v is not None}
    if "api_keys" in settings:
        settings["api_keys"] = tuple(settings["api_keys"])
    try:
        config = Config(**settings)
        config.check_exposure(given["host"])
        config = with_data_folder(config) if config.workers > 1 else config
        state = State(config)
    except Refusal as refused:
        options.error(refused.body["error"]["message"])
    except ValueError as wrong:
        options.error(str(wrong))
    if config.workers > 1:
        state.store.close()
        serve_in_workers(config, given["host"], given["port"])
        return 0
    state.host = given["host"]
    serve(state, given["host"], given["port"])
    return 0


def serve(state: State, host: str, port: int) -> None:
    """Run the server in this thread until a signal ends it."""
    certificates = prepare_certificates(state.config, host)
    listener = open_socket(host, port)
    announce(state.config, host, listener, certificates)
    tune_garbage_collector()
    uvicorn.Server(server_config(state, certificates)).run([listener])
