"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path
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
Texts = Annotated[
    list[str] | None, typer.Option("--text", "-t", help="A text itself; may be repeated.")
]
Lines = Annotated[bool, typer.Option("--lines", help="Each line is a text of its own.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="A file for the results, else stdout.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]
