"""Generator of docs/verified.md: what was verified, and with which server.

    python -m tools.verified
    llmaas probe --json > report.json
    python -m tools.verified --take NAME "DESCRIPTION" report.json ...

The second form keeps the verdicts of reports as those of a server: ``sandbox``, ``service``, or
the name and version of an engine.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from llmaas_cli.probe import verified
from llmaas_cli.probe.model import Probe
from llmaas_cli.probe.table.all import BY_ID
from llmaas_cli.probe.verified import SERVICE, ServerVerdicts, load_servers
from tools.tables import markdown

PAGE = Path(__file__).parents[1] / "docs" / "verified.md"
FOLDER = Path(verified.__file__).parent
WORDS = {
    "confirmed": "yes",
    "contradicted": "no",
    "unclear": "unclear",
    "not supported": "not offered",
}
NOTHING = "-"
HEAD = """\
# What is verified, and with which server

Written by `python -m tools.verified`; do not edit. The client relies on assumptions about the
service. `llmaas probe` checks each of them, and this page lists what each server answered:

{servers}

*yes*: as assumed; *no*: something else, which the client handles, or the report says what to do;
*not offered*: the server has no such thing; *{nothing}*: not asked. A number counts models that
differ. The last column names the documents. A document is not a measurement, and several
contradict each other.

{service}
"""

UNASKED = """\
**The service has not been asked.** Nobody who writes this has a key. Its column is empty until a
user sends a report: `llmaas probe --json > report.json` costs at most 0.20 EUR, and the report has
no key and no text of yours.
"""


def page() -> str:
    """Render the page."""
    known = load_servers()
    columns = [*(each for name, each in known.items() if name != SERVICE), known.get(SERVICE)]
    head = HEAD.format(
        servers="\n".join(map(_describe, columns)),
        nothing=NOTHING,
        service=UNASKED if SERVICE not in known else "",
    )
    return "\n".join([head, *_sections(columns), *_disagreements(columns)])


def _describe(server: ServerVerdicts | None) -> str:
    if server is None:
        return "* **service**: no result."
    counts = Counter(v for of_probe in server.verdicts.values() for v in of_probe.values())
    shown = ", ".join(f"{counts[v]} {v}" for v in WORDS if counts[v])
    return f"* **{server.name}** ({server.measured}): {server.description}. {shown}."


def _sections(columns: list[ServerVerdicts | None]) -> Iterator[str]:
    head = ["assumption", *(_name(each) for each in columns), "documents"]
    for section, probes in groupby(BY_ID.values(), key=lambda probe: probe.section):
        rows = ([_escape(p.assumes), *_cells(p, columns), _escape(p.source)] for p in probes)
        yield f"## {section.capitalize()}\n\n{markdown(head, rows)}\n"


def _name(server: ServerVerdicts | None) -> str:
    return SERVICE if server is None else server.name


def _cells(probe: Probe, columns: list[ServerVerdicts | None]) -> list[str]:
    return [summarize(each.verdicts.get(probe.id, {}) if each else {}) for each in columns]


def summarize(verdicts: Mapping[str, str]) -> str:
    """Summarize the verdicts of several models."""
    counts = Counter(verdicts.values())
    found = [v for v in WORDS if counts[v]]
    if len(found) == 1:
        return WORDS[found[0]]
    return ", ".join(f"{WORDS[v]} {counts[v]}" for v in found) or NOTHING


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def _disagreements(columns: list[ServerVerdicts | None]) -> Iterator[str]:
    """List the probes for which servers have different verdicts."""
    requested = [each for each in columns if each is not None]
    differing = []
    for probe in BY_ID.values():
        cells = [cell for cell in _cells(probe, list(requested)) if cell != NOTHING]
        if len(set(cells)) > 1:
            differing.append(f"`{probe.id}`")
    names = " and ".join(each.name for each in requested)
    yield f"## Where servers differ\n\n{len(differing)} of {len(BY_ID)} between {names}:"
    yield f"{', '.join(differing)}.\n"


def take(name: str, description: str, *reports: str) -> Path:
    """Keep the verdicts of reports as those of a server."""
    read = [json.loads(Path(each).read_text("utf-8")) for each in reports]
    server = ServerVerdicts.from_reports(name, description, read)
    path = FOLDER / f"{name.replace(' ', '-')}.json"
    path.write_text(json.dumps(server.to_dict(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def main() -> None:
    """Write the page, after keeping reports if some are given."""
    if sys.argv[1:2] == ["--take"]:
        name, description, *reports = sys.argv[2:]
        print(take(name, description, *reports))
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
