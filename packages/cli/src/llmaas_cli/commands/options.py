"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
UseSandbox = Annotated[
    bool, typer.Option("--sandbox", help="Use an embedded sandbox instead of the service.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="Address of the service, or of a local engine, which needs no key. Defaults to "
        "LLMAAS_BASE_URL or LLMAAS_API_URL.",
    ),
]
Texts = Annotated[list[str] | None, typer.Option("--text", "-t", help="A text; may be repeated.")]
Lines = Annotated[bool, typer.Option("--lines", help="Treat each line as a text.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Output file. Defaults to stdout.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]
