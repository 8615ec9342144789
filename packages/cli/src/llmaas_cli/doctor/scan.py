"""Search of source files for models that are deprecated, redirected or out of support."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from llmaas_cli.doctor.check import Check, Status

_CODE = (".py", ".ipynb", ".js", ".ts", ".sh", ".md", ".txt")
_SETTINGS = (".toml", ".yaml", ".yml", ".json", ".env", ".cfg", ".ini")
SUFFIXES = frozenset(_CODE + _SETTINGS)
_SKIPPED_FOLDERS = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", "site-packages"}
)
_NAME = re.compile(r"[\"'`=:\s]([A-Za-z][\w.\-/]*:[\w.\-]+)(?![\w:/])")
_MAX_BYTES = 2_000_000
"""Bytes; a larger file is data, not code."""


def scan(folder: Path) -> Iterator[Check]:
    """Yield a warning for each deprecated, redirected or unsupported model name.

    Finds names of the catalog that contain a colon, such as ``qwen3:0.6b``.
    """
    for path in _find_files(folder):
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        seen: set[str] = set()
        for number, line in enumerate(text.splitlines(), 1):
            for name in _NAME.findall(f" {line}"):
                if name not in seen and (note := _lifecycle_note(name)):
                    seen.add(name)
                    where = f"{path.relative_to(folder)}:{number}"
                    yield Check(
                        where, Status.WARN, note, "Choose another model from `llmaas models`."
                    )


def _lifecycle_note(name: str) -> str | None:
    from llmaas.catalog import get, lifecycle_note

    return lifecycle_note(name) if get(name) is not None else None


def _find_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in _SKIPPED_FOLDERS:
            continue
        if path.is_dir():
            yield from _find_files(path)
        elif _is_code(path):
            yield path


def _is_code(path: Path) -> bool:
    known = path.suffix in SUFFIXES or path.name.startswith((".env", "Dockerfile"))
    return known and path.stat().st_size <= _MAX_BYTES
