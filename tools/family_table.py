"""Generator of docs/families.md: the rules of each model family, with their sources."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llmaas.catalog import Model, all_models
from llmaas.catalog.families import match_family
from tools.tables import markdown

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "families.md"
DATA = ROOT / "packages" / "core" / "src" / "llmaas" / "data" / "families.json"
MEANINGS = {
    ("system", "user"): "the system text is put at the head of the first user message",
    ("tools", False): "calls and results are written as text",
    ("text_beside_calls", False): "text beside calls becomes a message of its own",
    ("parallel_calls", False): "each call gets a message of its own, its result after it",
    ("parallel_calls", True): "several calls stay in one message",
    ("alternates", True): "user and assistant alternate: neighbors are joined, a short assistant "
    "message is put between a tool result and the user",
    ("plain_names", True): "names of called functions are letters, digits, `_` and `-`",
    ("short_ids", True): "call ids are nine letters or digits",
    ("text_parts", False): "lists of text parts become one text",
    ("extra_fields", False): "`name` and reasoning are removed from messages",
    ("needs_user", True): "there is a user message",
    ("begins_with_user", True): "the first message after the system's is the user's",
    ("ends_with_input", True): "the last message is the user's or a tool's",
}
HEAD = """\
# Rules of model families

Written by `nox -s reports` from [families.json](../packages/core/src/llmaas/data/families.json);
do not edit. Before a chat is sent, its conversation is changed to what the chat template of its
model's family takes ([how](../packages/core/README.md#conversations-for-every-chat-template)). For
every family: one system message, first; each call with its result after it; unique call ids;
arguments that are JSON objects; no empty assistant message, no null content. The rules below come
on top. `nox -s templates` renders random conversations in these templates, as llama-cpp-python
0.3.36 ships them.
"""


def page() -> str:
    """Render the page."""
    entries = json.loads(DATA.read_text("utf-8"))["families"]
    return "\n".join([HEAD, *(line for entry in entries for line in section(entry))])


def section(entry: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a family."""
    served = sorted(m.id for m in all_models() if _family(m) == entry["id"])
    models = ", ".join(f"`{name}`" for name in served) or "none of the catalog"
    template = entry.get("template")
    source = f"Template: `{template}`." if template else "No template to test with."
    yield f"## {entry['id']}\n"
    yield f"Models: {models}. {source}\n"
    if entry["rules"]:
        yield markdown(["rule", "what is done", "source"], map(row, entry["rules"].items())) + "\n"
    else:
        yield "No rule of its own.\n"


def _family(model: Model) -> str:
    """Return a model's own family, also when another one serves in its place."""
    return match_family((model.id, model.root or "", *model.aliases)).id


def row(rule: tuple[str, dict[str, Any]]) -> list[str]:
    """Render a rule as cells."""
    name, reported = rule
    meaning = MEANINGS.get((name, reported["value"]))
    if name == "reserved":
        meaning = (
            f"`{reported['value'].replace('|', '&#124;')}` is removed from the assistant's texts"
        )
    assert meaning is not None, rule
    return [f"`{name}`", meaning, reported["source"].replace("|", "&#124;")]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
