"""Verdicts of one server, and their files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

SERVICE = "service"
"""Name of the server that counts most; it has no file until somebody with a key sends one."""


@dataclass(frozen=True, slots=True)
class ServerVerdicts:
    """Verdicts of one server, by probe and model."""

    name: str
    description: str
    measured: str
    """Date in ISO format."""
    verdicts: Mapping[str, Mapping[str, str]]

    @classmethod
    def from_reports(
        cls, name: str, description: str, reports: Sequence[Mapping[str, Any]]
    ) -> ServerVerdicts:
        """Take the verdicts of reports that ``llmaas probe --json`` printed."""
        verdicts: dict[str, dict[str, str]] = {}
        for result in (result for report in reports for result in report["results"]):
            if result["verdict"] is not None:
                of_probe = verdicts.setdefault(result["probe"], {})
                of_probe[result["model"] or ""] = result["verdict"]
        return cls(name, description, reports[0]["measured"][:10], verdicts)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain JSON values."""
        return {
            "name": self.name,
            "description": self.description,
            "measured": self.measured,
            "verdicts": self.verdicts,
        }


def load_servers() -> dict[str, ServerVerdicts]:
    """Load the packaged verdicts, by the name of the server."""
    found = sorted(
        (entry for entry in files(__package__).iterdir() if entry.name.endswith(".json")),
        key=lambda entry: entry.name,
    )
    servers = (ServerVerdicts(**json.loads(entry.read_text("utf-8"))) for entry in found)
    return {each.name: each for each in servers}
