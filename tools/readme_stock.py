"""Generator of the table "stock class or ours" in the README: contract and benchmark.

``python -m tools.readme_stock`` renders it from the contract table of tests/README.md and
``tests/bench/stock.json``. ``--measure`` runs the benchmark first (some minutes).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.helpers.repository import ROOT
from tools.readme_contract import read_contract, stock_column
from tools.tables import markdown

README, RESULTS = ROOT / "README.md", ROOT / "tests/bench/stock.json"
BEGIN, END = "<!-- stock: written by `nox -s readme` -->", "<!-- /stock -->"
WORK = "chunk, async"
CLIENTS = {
    "langchain": ("LangChain", "ChatLLMaaS", "ChatOpenAI"),
    "haystack": ("Haystack", "llmaas-haystack", "haystack, OpenAIChatGenerator"),
    "semantic-kernel": ("Semantic Kernel", "SK LLMaaSChatCompletion", "SK OpenAIChatCompletion"),
    "autogen": (
        "AutoGen",
        "autogen, LLMaaSChatCompletionClient",
        "autogen, OpenAIChatCompletionClient",
    ),
    "agent-framework": (
        "Agent Framework",
        "AF LLMaaSChatClient",
        "AF OpenAIChatCompletionClient",
    ),
    "pydantic-ai": ("Pydantic AI", "Pydantic AI LLMaaSModel", "Pydantic AI OpenAIChatModel"),
    "core": ("no framework", "llmaas", "openai"),
}
"""Label of each package, and the names of our client and of its peer in the benchmark."""

HEAD = [
    "framework",
    "behaviors passed, stock class",
    "ours",
    "µs of CPU per streamed chunk, stock class",
    "ours",
    "ratio",
]


def render() -> str:
    """Render the README with its table updated."""
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{render_table()}\n\n{END}{after}"


def render_table() -> str:
    """Render the table and the line that says how to repeat it."""
    saved = json.loads(RESULTS.read_text())
    return f"{markdown(HEAD, _rows(saved['microseconds']))}\n\n{_note(saved['date'])}"


def _rows(times: dict[str, float]) -> Iterator[list[str]]:
    contract = read_contract()
    for package, (label, ours, stock) in CLIENTS.items():
        passed = [
            str(sum(row[column] == "yes" for row in contract))
            for column in (stock_column(package), package)
        ]
        slow, fast = times[stock], times[ours]
        yield [label, *passed, f"{slow:,.0f}", f"{fast:,.0f}", f"{slow / fast:.0f}x"]


def _note(date: str) -> str:
    contract = "[contract](tests/README.md#one-contract-for-all-adapters)"
    return (
        f"Behaviors of the {contract}, of {len(read_contract())}. Client CPU, asyncio, measured"
        f" on {date}, both classes in one run (`./run python -m tools.readme_stock --measure`)."
        " Compare the ratios: times depend on the machine."
    )


def measure() -> None:
    """Run the benchmark of all clients and store the results."""
    names = [ours for _, ours, _ in CLIENTS.values()]
    options = ["--only", *names, "--works", WORK, "--rounds", "3", "--json"]
    command = [sys.executable, "tests/bench", *options]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    store(json.loads(output.stdout)[WORK])


def store(times: dict[str, float]) -> None:
    """Write results in microseconds with today's date."""
    rounded = {name: round(time, 1) for name, time in sorted(times.items())}
    saved: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "microseconds": rounded}
    RESULTS.write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure()
    README.write_text(render())
