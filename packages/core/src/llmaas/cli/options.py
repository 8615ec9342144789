"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
InSandbox = Annotated[
    bool, typer.Option("--sandbox", help="Ask an embedded sandbox instead of the service.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url", help="The service's address, else LLMAAS_BASE_URL or LLMAAS_API_URL."
    ),
]
