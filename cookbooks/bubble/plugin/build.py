"""Writes the code that is pasted into Bubble: ``python cookbooks/bubble/plugin/build.py``.

Bubble keeps each server-side action in a text box of its own, without imports: so each is built
from the parts that it needs, and from the facts of models and prices.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import indent
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "nocode"))

from facts import facts  # noqa: E402 - found beside us only now

HEAD = """\
async function(properties, context) {
  // All of this goes into the code box of the action. Built by build.py from parts/: edit there.
  const FACTS = %s;

"""
NEEDED = ("service", "prices", "defaults", "successors")
CHAT = ("thinking", "longest_answer_tokens")


def definition() -> dict[str, Any]:
    """Return what is typed into the plugin editor."""
    return json.loads((HERE / "plugin.json").read_text())


def built(action: dict[str, Any]) -> str:
    """Return the code of an action."""
    parts = [(HERE / "parts" / f"{part}.js").read_text() for part in action["parts"]]
    known = json.dumps(needed(action), ensure_ascii=False)
    return HEAD % known + "\n".join(indent(part, "  ") for part in parts) + "}\n"


def needed(action: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that an action uses."""
    known = facts()
    chosen = {name: known[name] for name in NEEDED}
    if "chat" in action["parts"]:
        chosen |= {name: known[name] for name in CHAT}
    if action["name"] in known["instructions"]:
        chosen["instructions"] = {action["name"]: known["instructions"][action["name"]]}
    return chosen


def copies() -> dict[Path, str]:
    """Return each file that is written here, and what it must hold."""
    actions = definition()["actions"]
    return {HERE / "actions" / f"{action['name']}.js": built(action) for action in actions}


if __name__ == "__main__":
    for path, text in copies().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
