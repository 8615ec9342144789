"""Generator of the packaged catalog: documented models plus a live ``/v1/models`` answer.

    python packages/core/tools/build_catalog.py MODELS.json LIVE.json > catalog.json

``MODELS.json`` is a list of model cards, ``LIVE.json`` an object with ``observed_at``,
``source`` and ``data``. Only facts go in; the output is the same for the same input.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Card = dict[str, Any]

# Served but undocumented models, with the category that their names imply.
UNDOCUMENTED_CATEGORY = {
    "granite4.1-guardian:8b": "safety",
    "kokoro": "speech",
    "mlx-community/whisper-large-v3-mlx": "transcription",
    "pico2wav": "speech",
    "tts-3": "speech",
    "z-image-turbo:fp8": "image",
}

# Names of other models without a card of their own; every other alias belongs to its model.
REDIRECTED_WITHOUT_CARD = {
    "QuantTrio/Qwen3-235B-A22B-Instruct-2507-GPTQ-Int4-Int8Mix",
    "Qwen/Qwen3-Coder-30B-A3B-Instruct",
    "Qwen/Qwen3.5-27B-GPTQ-Int4",
    "Qwen/Qwen3.5-35B-A3B-GPTQ-Int4",
    "guardian:2b",
    "guardian:8b",
    "mistralai/Devstral-Small-2-24B-Instruct-2512",
    "nemotron-3-nano:30b",
    "qwen3.5:27b",
    "qwen3.5:35b",
}


def build_undocumented(name: str) -> Card:
    """Build a card with nothing but the category. Defaults to ``chat``."""
    unknown = dict.fromkeys(
        ("publisher", "parameters", "context_tokens", "tools", "vision", "reasoning", "safety"),
    )
    lifecycle = dict.fromkeys(("released", "end_of_support", "lts", "successor"))
    return {
        "id": name,
        "category": UNDOCUMENTED_CATEGORY.get(name, "chat"),
        **unknown,
        "tokens_per_second": None,
        "kwh_per_mtoken": None,
        "licence": None,
        "phase": "undocumented",
        **lifecycle,
    }


def with_live(card: Card, entry: Card | None, others: set[str]) -> Card:
    """Add the facts of the live list to a card."""
    entry = entry or {"root": None, "aliases": (), "max_model_len": 0}
    return {
        **card,
        "live": entry["root"] is not None,
        "root": entry["root"],
        "live_context_tokens": entry["max_model_len"] or None,
        "aliases": sorted(set(entry["aliases"]) - others - {card["id"]}),
    }


def redirects(live: list[Card], elsewhere: set[str]) -> Iterator[tuple[str, str]]:
    """Yield name and serving ID for each name that another model serves."""
    own = {entry["id"] for entry in live}
    for entry in live:
        yield from ((n, entry["id"]) for n in entry["aliases"] if n in elsewhere and n not in own)


def build(cards: list[Card], live_answer: Card, documented_on: str) -> dict[str, Any]:
    """Build the catalog."""
    live = live_answer["data"]
    entries = {entry["id"]: entry for entry in live}
    documented = {card["id"] for card in cards}
    others = documented | set(entries) | REDIRECTED_WITHOUT_CARD
    every = cards + [build_undocumented(name) for name in sorted(entries) if name not in documented]
    return {
        "about": {
            "documented_on": documented_on,
            "observed_at": live_answer["observed_at"],
            "documentation": "model cards and lifecycle tables of the public Cloud Temple "
            "documentation (Cloud-Temple/docs, docs/llmaas/models.md and concepts.md)",
            "live_list": live_answer["source"],
            "built_by": "packages/core/tools/build_catalog.py",
        },
        "redirects": dict(sorted(redirects(live, others))),
        "models": [with_live(card, entries.get(card["id"]), others) for card in every],
    }


def render(catalog: dict[str, Any]) -> str:
    """Render as JSON with one model per line, for readable diffs."""
    lines = ",\n".join(json.dumps(model, ensure_ascii=False) for model in catalog["models"])
    head = json.dumps({k: v for k, v in catalog.items() if k != "models"}, indent=1)
    return f'{head[:-2]},\n "models": [\n{lines}\n]}}\n'


def main() -> None:
    """Read the two files named on the command line and print the catalog."""
    parser = argparse.ArgumentParser(description="Build the packaged model catalog")
    parser.add_argument("models", type=Path)
    parser.add_argument("live", type=Path)
    parser.add_argument("--documented-on", default="2026-08-20", help="date of the model cards")
    args = parser.parse_args()
    cards, live = (json.loads(path.read_text("utf-8")) for path in (args.models, args.live))
    print(render(build(cards, live, args.documented_on)), end="")


if __name__ == "__main__":
    main()
