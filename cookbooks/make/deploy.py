"""Deployment of the app through Make's command line, ``make-cli`` 1.4 (``npm i -g @makehq/cli``).

    make-cli login
    python cookbooks/make/deploy.py           # prints the commands
    python cookbooks/make/deploy.py --run     # creates the app, its connection, RPCs and modules

The sources are those that the editor for VS Code deploys: ``app/makecomapp.json``. Make appends
letters to the names of an app and of its connection, so each command uses the names that the
previous ones returned. ``--app NAME --connection NAME`` updates an app that exists.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

APP = Path(__file__).parent / "app"
FILES: dict[str, Any] = json.loads((APP / "makecomapp.json").read_text("utf-8"))
COMPONENTS: dict[str, Any] = FILES["components"]
TYPE_IDS = {"action": "4", "search": "9", "universal": "12"}
SECTIONS = {
    "communication": "api",
    "params": "parameters",
    "staticParams": "parameters",
    "mappableParams": "expect",
    "interface": "interface",
    "samples": "samples",
}
"""Name of each source file in Make's API."""

Call = Callable[..., dict[str, Any]]


def deploy(call: Call, app: str | None, connection: str | None) -> None:
    """Deploy all components. Without names, create them."""
    new = app is None
    name = app or _name(call("sdk-apps", "create", **_app_facts()))
    link = connection or _name(
        call("sdk-connections", "create", app_name=name, type="basic", label="LLMaaS")
    )
    base = {"name": name, "version": "1"}
    general = FILES["generalCodeFiles"]
    for section in ("base", "groups"):
        call("sdk-apps", "set-section", **base, section=section, body=_read(general[section]))
    call("sdk-apps", "set-common", **base, common=_read(general["common"]))
    call("sdk-apps", "set-docs", **base, docs=_read(general["readme"]))
    for section, body in _sections(COMPONENTS["connection"]["llmaas"]):
        call("sdk-connections", "set-section", connection_name=link, section=section, body=body)
    for kind in ("rpc", "module"):  # modules use the RPCs
        for each, facts in COMPONENTS[kind].items():
            _deploy_component(call, kind, each, facts, name, link, create=new)


def _deploy_component(
    call: Call, kind: str, name: str, facts: dict[str, Any], app: str, link: str, *, create: bool
) -> None:
    place = {"app_name": app, "app_version": "1"}
    named = {**place, f"{kind}_name": name}
    if create:
        call(f"sdk-{kind}s", "create", **place, name=name, **_new_facts(kind, facts))
    call(f"sdk-{kind}s", "update", **named, label=facts["label"], connection=link)
    for section, body in _sections(facts):
        call(f"sdk-{kind}s", "set-section", **named, section=section, body=body)


def _app_facts() -> dict[str, str]:
    description = "Cloud Temple's sovereign language models"
    looks = {"theme": "#1769d2", "language": "en", "audience": "global"}
    return {"name": "llmaas", "label": "LLMaaS", "description": description, **looks}


def _new_facts(kind: str, facts: dict[str, Any]) -> dict[str, str]:
    if kind == "rpc":
        return {"label": facts["label"]}
    named = {key: facts[key] for key in ("label", "description")}
    return {**named, "type_id": TYPE_IDS[facts["moduleType"]], "module_init_mode": "blank"}


def _sections(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for part, path in facts["codeFiles"].items():
        yield SECTIONS[part], _read(path)


def _read(path: str) -> str:
    return (APP / path).read_text("utf-8")


def _name(created: dict[str, Any]) -> str:
    """Return the name in a response, which may be wrapped in one more object."""
    for value in (created, *created.values()):
        if isinstance(value, dict) and "name" in value:
            return str(value["name"])
    raise SystemExit(f"Make returned no name: {created}")


def command(group: str, verb: str, **options: str) -> list[str]:
    """Build a command: ``app_name="x"`` becomes ``--app-name=x``."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return ["make-cli", group, verb, *words]


def print_command(group: str, verb: str, **options: str) -> dict[str, Any]:
    """Print a command without the contents of the source files."""
    sources = {"body", "common", "docs"}
    short = {name: "..." if name in sources else value for name, value in options.items()}
    print(" ".join(command(group, verb, **short)))
    return {"name": options.get("name", "llmaas-connection")}


def run_command(group: str, verb: str, **options: str) -> dict[str, Any]:
    """Run a command and parse its JSON. Commands that only set a value print a sentence."""
    words = command(group, verb, **options)
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    parsed: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return parsed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", action="store_true", help="run the commands")
    parser.add_argument("--app", help="name of an app that exists")
    parser.add_argument("--connection", help="name of its connection")
    options = parser.parse_args()
    deploy(run_command if options.run else print_command, options.app, options.connection)
