"""The command line: serve until interrupted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import uvicorn

from llmaas_sandbox.config import Config
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.server import server_config


def parser() -> argparse.ArgumentParser:
    """Return the options of the command line."""
    root = argparse.ArgumentParser(prog="llmaas_sandbox", description=__doc__)
    root.add_argument("--host", default="127.0.0.1")
    root.add_argument("--port", type=int, default=8080, help="0 picks a free one")
    root.add_argument("--key", action="append", help="an API key that works; may be repeated")
    root.add_argument(
        "--faults", default="", help="faults for every request, as in x-sandbox-fault"
    )
    root.add_argument("--rerank-shape", choices=("new", "old"), default="new")
    root.add_argument("--tokens-per-second", type=float, default=0.0)
    return root


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox."""
    given = parser().parse_args(arguments)
    config = Config(
        api_keys=tuple(given.key or Config().api_keys),
        faults=given.faults,
        rerank_shape=given.rerank_shape,
        tokens_per_second=given.tokens_per_second,
    )
    serve(State(config), given.host, given.port)


def serve(state: State, host: str, port: int) -> None:
    """Run the server in this thread until a signal ends it."""
    settings = server_config(state, host=host, port=port, lifespan="off")
    listener = settings.bind_socket()
    bound = listener.getsockname()[1]
    lines = (
        f"LLMAAS_BASE_URL=http://{host}:{bound}/v1",
        f"LLMAAS_API_KEY={state.config.api_keys[0]}",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    uvicorn.Server(settings).run([listener])
