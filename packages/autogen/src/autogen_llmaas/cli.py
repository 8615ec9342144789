"""``autogen-llmaas``: write the configuration of any branch of AutoGen from a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autogen_llmaas.components import as_yaml, gallery, native_component, portable_component
from autogen_llmaas.entries import DEFAULT_MODEL, config_list
from autogen_llmaas.writing import masked, write_config_list, write_environment, write_private


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all went well, 2 for what was asked wrongly or cannot be written."""
    told = _parser().parse_args(arguments)
    try:
        told.run(told)
    except (ValueError, OSError, ImportError) as error:
        print(f"autogen-llmaas: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("autogen-llmaas", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = _command(commands, "config-list", _config_list, "OAI_CONFIG_LIST, for 0.2 and AG2")
    one.add_argument("--show-key", action="store_true", help="print the key instead of ***")
    _command(commands, "env", _env, "a file of variables that holds the same")
    component = _command(commands, "component", _component, "a model component, for 0.4 and newer")
    component.add_argument("--yaml", action="store_true", help="YAML instead of JSON")
    for command in (component, _command(commands, "gallery", _gallery, "for AutoGen Studio")):
        command.add_argument("--portable", action="store_true", help="for AutoGen's own client")
    return parser


def _command(commands: Any, name: str, run: Any, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what)
    parser.set_defaults(run=run)
    parser.add_argument("-m", "--model", action="append", help=f"repeatable; {DEFAULT_MODEL}")
    parser.add_argument("--base-url", help="instead of LLMAAS_BASE_URL")
    parser.add_argument("-o", "--output", type=Path, help="write a file of mode 0600")
    return parser


def _entries(told: argparse.Namespace) -> list[dict[str, Any]]:
    return config_list(*(told.model or ()), base_url=told.base_url)


def _config_list(told: argparse.Namespace) -> None:
    entries = _entries(told)
    if told.output:
        print(write_config_list(told.output, entries))
    else:
        print(_json(entries if told.show_key else masked(entries)))


def _env(told: argparse.Namespace) -> None:
    print(write_environment(told.output or Path(".env"), _entries(told)))


def _component(told: argparse.Namespace) -> None:
    make = portable_component if told.portable else native_component
    models = told.model or [DEFAULT_MODEL]
    made = [make(model, **_address(told)) for model in models]
    value = made[0] if len(made) == 1 else made
    _put(told, as_yaml(value) if told.yaml else _json(value))


def _gallery(told: argparse.Namespace) -> None:
    _put(told, _json(gallery(told.model, portable=told.portable, **_address(told))))


def _address(told: argparse.Namespace) -> dict[str, Any]:
    return {"base_url": told.base_url} if told.base_url else {}


def _put(told: argparse.Namespace, text: str) -> None:
    if told.output:
        print(write_private(told.output, text + "\n"))
    else:
        print(text)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
