"""Results of ``llmaas probe`` that are packaged: ``python -m tools.probe_results NAME REPORT...``.

The reports (``llmaas probe --json``) may come from several servers of one engine. Of a probe that
was run by several without a model of its own, the first result counts.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from llmaas_cli.probe import packaged

FOLDER = Path(packaged.__file__).parent / "results"


def merge(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge reports into what is packaged: verdict and facts by probe and model."""
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for report in reports:
        for each in report["results"]:
            if each["verdict"] is not None:
                found.setdefault((each["probe"], each["model"]), to_row(each))
    return {"measured": reports[0]["measured"][:10], "results": list(found.values())}


def to_row(result: dict[str, Any]) -> dict[str, Any]:
    """Keep of a result what does not depend on the run."""
    evidence = result["evidence"]
    facts = {name: v for name, v in evidence["facts"].items() if name != "seconds"}
    return {
        "probe": result["probe"],
        "model": result["model"],
        "verdict": result["verdict"],
        "status": evidence["status"],
        "facts": facts,
    }


def main(name: str, *files: str) -> None:
    """Write the packaged results of one service."""
    merged = merge([json.loads(Path(file).read_text()) for file in files])
    text = json.dumps({"service": name, **merged}, ensure_ascii=False, indent=1)
    (FOLDER / f"{name.replace(' ', '-')}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
