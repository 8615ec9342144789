"""Files and variables that AutoGen reads its configuration from. They hold the key: mode 0600."""

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
    """Write ``OAI_CONFIG_LIST`` as JSON, readable by its owner alone; a folder gets that name."""
    place = Path(path)
    if place.is_dir():
        place = place / LIST_NAME
    return write_private(place, json.dumps(list(entries), indent=2, ensure_ascii=False) + "\n")


def environment(entries: Sequence[Entry]) -> dict[str, str]:
    """Return the variables that say the same: for ours, and for every branch of AutoGen."""
    first = entries[0]
    return {
        KEY_VARIABLE: first["api_key"],
        URL_VARIABLE: first["base_url"],
        LIST_NAME: json.dumps(list(entries), ensure_ascii=False),
    }


def write_environment(path: str | Path, entries: Sequence[Entry]) -> Path:
    """Write the variables to a file that shells and dotenv read; other variables in it stay."""
    told, place = environment(entries), Path(path)
    told[LIST_NAME] = _unquotable(told[LIST_NAME])
    before = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
    kept = [line for line in before if _variable(line) not in told]
    lines = (f"{name}={_quoted(value)}" for name, value in told.items())
    return write_private(place, "\n".join((*kept, *lines)) + "\n")


def write_private(path: Path, text: str) -> Path:
    """Replace a file by one that was never readable by others, whole or not at all."""
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


def masked(value: Any) -> Any:
    """Return entries or a component with every key shown as ``***``, to be printed."""
    if isinstance(value, Mapping):
        return {k: "***" if k == "api_key" else masked(v) for k, v in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def _variable(line: str) -> str:
    return line.strip().removeprefix("export ").partition("=")[0].strip()


def _unquotable(text: str) -> str:
    """Return JSON without what shells and dotenv read differently between quotes."""
    escapes = {"\\\\": "\\u005c", "'": "\\u0027", "$": "\\u0024"}
    for special, escape in escapes.items():
        text = text.replace(special, escape)
    return text


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
