"""``llmaas sandbox``: a local server that emulates the service."""

from __future__ import annotations

from typing import Any

import typer

FORWARDED_OPTIONS: dict[str, Any] = {
    "context_settings": {"ignore_unknown_options": True, "allow_extra_args": True},
    "add_help_option": False,
}
"""Typer passes all options, ``--help`` included, to the sandbox."""


def command(context: typer.Context) -> None:
    """Start a local server that emulates the service (options: llmaas sandbox --help)."""
    try:
        from llmaas_sandbox.cli import main
    except ModuleNotFoundError as error:
        if error.name not in ("llmaas_sandbox", "llmaas_sandbox.cli"):
            raise
        raise LookupError(
            "The sandbox is not installed. Run `pip install 'llmaas-cli[sandbox]'`."
        ) from error
    main(context.args)
