"""Write the rows of all registries: ``python -m tools.registries FOLDER [--usd-per-eur RATE]``.

Submitting them is up to the maintainers. Prices in USD need the exchange rate of the day.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from tools.registries import gateways, programs
from tools.registries.facts import Facts
from tools.registries.pages import pages

WRITERS = (
    *(gateways.models_dev, gateways.litellm, gateways.any_llm, gateways.genai_prices),
    *(programs.autogen_studio, programs.continue_dev, programs.opencode, programs.aider),
    pages,
)


def rows(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every file."""
    for write in WRITERS:
        yield from write(facts)


def parse_rate(text: str) -> float:
    """Parse an exchange rate."""
    rate = float(text)
    if not (math.isfinite(rate) and rate > 0):
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text}")
    return rate


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(prog="python -m tools.registries", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--usd-per-eur", type=parse_rate, help="exchange rate for prices in USD")
    parser.add_argument("--day", type=date.fromisoformat, default=datetime.now(UTC).date())
    given = parser.parse_args()
    count = 0
    for name, text in rows(Facts(given.day, given.usd_per_eur)):
        path = given.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        count += 1
    print(f"{given.folder}: {count} files")
    if given.usd_per_eur is None:
        print("Without prices, and without genai-prices: the registries need USD (--usd-per-eur).")


if __name__ == "__main__":
    main()
