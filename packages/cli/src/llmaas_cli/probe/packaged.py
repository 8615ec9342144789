"""Packaged results of probes: the sandbox's and a real engine's. The service was not probed yet."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def read_results(name: str) -> list[dict[str, Any]]:
    """Read the results of ``sandbox`` or ``vllm-0.32.0``: probe, model, verdict, status, facts."""
    file = files("llmaas_cli").joinpath("probe", "results", f"{name}.json")
    results: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["results"]
    return results
