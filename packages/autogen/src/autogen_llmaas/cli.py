"""Command ``autogen-llmaas``: write the configuration of any AutoGen variant."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autogen_llmaas.components import as_yaml, gallery, native_component, portable_component
from autogen_llmaas.config_files import (
    mask_keys,
    write_config_list,
    write_environment,
    write_private,
)
from autogen_llmaas.entries import DEFAULT_MODEL, config_list


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 on success, 2 for invalid arguments or an unwritable file."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except (ValueError, OSError, ImportError) as error:
        print(f"autogen-llmaas: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("autogen-llmaas", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = _command(commands, "config-list", _config_list, "OAI_CONFIG_LIST, for 0.2 and AG2")
    listing.add_argument("--show-key", action="store_true", help="print the key instead of ***")
    _command(commands, "env", _env, "the same as a file of environment variables")
    component = _command(commands, "component", _component, "a model component, for 0.4 and newer")
    component.add_argument("--yaml", action="store_true", help="YAML instead of JSON")
    for command in (component, _command(commands, "gallery", _gallery, "for AutoGen Studio")):
        command.add_argument("--portable", action="store_true", help="use AutoGen's stock client")
    return parser


def _command(commands: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    default = f"may be repeated; defaults to {DEFAULT_MODEL}"
    parser.add_argument("-m", "--model", action="append", help=default)
    parser.add_argument("--base-url", help="defaults to LLMAAS_BASE_URL")
    parser.add_argument("-o", "--output", type=Path, help="write to a file of mode 0600")
    return parser


def _entries(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return config_list(*(arguments.model or ()), base_url=arguments.base_url)


def _config_list(arguments: argparse.Namespace) -> None:
    entries = _entries(arguments)
    if arguments.output:
        print(write_config_list(arguments.output, entries))
    else:
        print(_to_json(entries if arguments.show_key else mask_keys(entries)))


def _env(arguments: argparse.Namespace) -> None:
    print(write_environment(arguments.output or Path(".env"), _entries(arguments)))


def _component(arguments: argparse.Namespace) -> None:
    make = portable_component if arguments.portable else native_component
    models = arguments.model or [DEFAULT_MODEL]
    components = [make(model, **_connection_settings(arguments)) for model in models]
    value = components[0] if len(components) == 1 else components
    _write_output(arguments, as_yaml(value) if arguments.yaml else _to_json(value))


def _gallery(arguments: argparse.Namespace) -> None:
    settings = _connection_settings(arguments)
    value = gallery(arguments.model, portable=arguments.portable, **settings)
    _write_output(arguments, _to_json(value))


def _connection_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"base_url": arguments.base_url} if arguments.base_url else {}


def _write_output(arguments: argparse.Namespace, text: str) -> None:
    if arguments.output:
        print(write_private(arguments.output, text + "\n"))
    else:
        print(text)


def _to_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
