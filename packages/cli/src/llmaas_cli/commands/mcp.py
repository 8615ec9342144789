"""``llmaas mcp``: the service as tools of a Model Context Protocol host."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas_cli.commands.options import BaseUrl, UseSandbox

if TYPE_CHECKING:
    from llmaas_cli.endpoint import Endpoint


def command(
    budget: Annotated[
        float | None,
        typer.Option(min=0, help="Budget of each caller in EUR. Defaults to no limit."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder of audio files that `transcribe` may open."
        ),
    ] = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve streamable HTTP instead of stdio.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to bind to, with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port, with --http.")] = 8765,
    share_key: Annotated[
        bool,
        typer.Option("--share-key", help="Use the server's key for callers without a key."),
    ] = False,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
) -> None:
    """Serve the models as MCP tools: chat, embed, rerank, transcribe, speak, image, models, cost.

    Over stdio the key is read from LLMAAS_API_KEY. Over HTTP each caller sends its own as
    Authorization: Bearer.
    """
    try:
        import mcp  # noqa: F401
    except ModuleNotFoundError as error:
        raise LookupError(
            "The MCP SDK is not installed. Run `pip install 'llmaas-cli[mcp]'`."
        ) from error
    from llmaas_cli.endpoint import open_endpoint

    with open_endpoint(sandbox=sandbox, base_url=base_url) as endpoint:
        _serve(endpoint, budget, folder, (host, port) if http else None, share_key=share_key)


def _serve(
    endpoint: Endpoint,
    budget: float | None,
    folder: Path | None,
    http_address: tuple[str, int] | None,
    *,
    share_key: bool,
) -> None:
    from llmaas import AsyncLLMaaS
    from llmaas_cli.mcp import Callers, create_server, run
    from llmaas_cli.terminal.output import print_status

    client = AsyncLLMaaS(api_key=endpoint.api_key or None, base_url=endpoint.base_url)
    callers = Callers(
        client, budget_eur=budget, over_http=http_address is not None, shares_key=share_key
    )
    if http_address is not None:
        host, port = http_address
        print_status(
            f"MCP server at http://{host}:{port}/mcp, with {endpoint.description}. Ctrl-C stops it."
        )
    run(create_server(callers, folder=folder, address=http_address), http_address)
