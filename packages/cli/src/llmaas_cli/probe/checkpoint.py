"""Checkpoint file of a run: one line per result, so that an interrupted run resumes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from llmaas.errors import InvalidInputError
from llmaas_cli.probe.model import Result, Verdict

VERSION = 1


class Checkpoint:
    """Results of earlier runs at the same address. Without a path, nothing is stored."""

    def __init__(self, path: Path | None = None, address: str = "") -> None:
        self._path = path
        self._results: dict[str, Result] = {}
        if path is None:
            return
        head = {"llmaas_probe": VERSION, "address": address}
        if path.exists() and path.stat().st_size:
            self._read(path, head)
        else:
            _append(path, head)

    def _read(self, path: Path, head: Mapping[str, Any]) -> None:
        text = path.read_text("utf-8")
        if not text.endswith("\n"):  # the last line of a killed run is cut
            path.write_text(text[: text.rfind("\n") + 1], "utf-8")
        lines = text[: text.rfind("\n") + 1].splitlines() or [""]
        if _parse(lines[0]) != head:
            raise InvalidInputError(
                f"{path} is not a checkpoint of {head['address']}. Choose another --checkpoint."
            )
        for line in lines[1:]:
            if (found := _parse(line)) is not None:
                verdict = Verdict(found.pop("verdict"))
                result = Result(**found, verdict=verdict)
                self._results[result.name] = result

    def get(self, name: str) -> Result | None:
        """Return the result of an earlier run."""
        return self._results.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._results

    @property
    def spent_micro_eur(self) -> int:
        """Cost of the earlier runs."""
        return sum(result.cost_micro_eur for result in self._results.values())

    def add(self, result: Result) -> None:
        """Store a result."""
        if self._path is not None:
            _append(self._path, asdict(result))


def _append(path: Path, value: Mapping[str, object]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False) + "\n")


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
