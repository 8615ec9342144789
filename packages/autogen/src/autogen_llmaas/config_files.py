"""Configuration files and variables that AutoGen reads. Files hold the key and have mode 0600."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autogen_llmaas.entries import Entry
from llmaas.settings import KEY_VARIABLE, URL_VARIABLE

LIST_NAME = "OAI_CONFIG_LIST"
PRIVATE = 0o600


def write_config_list(path: str | Path, entries: Sequence[Entry]) -> Path:
    """Write a ``config_list`` as JSON; in a folder, to ``OAI_CONFIG_LIST``. Return the path."""
    target = Path(path)
    if target.is_dir():
        target = target / LIST_NAME
    return write_private(target, json.dumps(list(entries), indent=2, ensure_ascii=False) + "\n")


def environment(entries: Sequence[Entry]) -> dict[str, str]:
    """Build environment variables for this package and for every AutoGen variant."""
    first = entries[0]
    return {
        KEY_VARIABLE: first["api_key"],
        URL_VARIABLE: first["base_url"],
        LIST_NAME: json.dumps(list(entries), ensure_ascii=False),
    }


def write_environment(path: str | Path, entries: Sequence[Entry]) -> Path:
    """Write the variables to a shell or dotenv file, keeping other variables in it."""
    variables, target = environment(entries), Path(path)
    variables[LIST_NAME] = _escape_json(variables[LIST_NAME])
    existing = target.read_text(encoding="utf-8").splitlines() if target.is_file() else []
    kept = [line for line in existing if _variable_name(line) not in variables]
    lines = (f"{name}={_quote(value)}" for name, value in variables.items())
    return write_private(target, "\n".join((*kept, *lines)) + "\n")


def write_private(path: Path, text: str) -> Path:
    """Write a file atomically; it is never readable by other users."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, PRIVATE)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return path


def mask_keys(value: Any) -> Any:
    """Return a copy of entries or a component in which every key is ``***``."""
    if isinstance(value, Mapping):
        return {k: "***" if k == "api_key" else mask_keys(v) for k, v in value.items()}
    return [mask_keys(item) for item in value] if isinstance(value, list) else value


def _variable_name(line: str) -> str:
    return line.strip().removeprefix("export ").partition("=")[0].strip()


def _escape_json(text: str) -> str:
    """Escape characters of JSON that shells and dotenv treat differently inside quotes."""
    escapes = {"\\\\": "\\u005c", "'": "\\u0027", "$": "\\u0024"}
    for special, escape in escapes.items():
        text = text.replace(special, escape)
    return text


def _quote(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
