"""Data folder of a command."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from llmaas_sandbox.store import Store

VARIABLE = "LLMAAS_SANDBOX_DATA"


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--data-dir``, which defaults to the environment variable."""
    default = os.environ.get(VARIABLE)
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(default) if default else None,
        required=default is None,
        help=f"the folder that the sandbox was started with (or {VARIABLE})",
    )


def open_store(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Store:
    """Open the store of the folder; only ``create`` creates one."""
    if options.command != "create" and not Store.exists_in(options.data_dir):
        parser.error(f"{options.data_dir} does not hold the data of a sandbox")
    return Store(options.data_dir)
