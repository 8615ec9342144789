"""Generator of the code to paste into Bubble: ``python cookbooks/bubble/plugin/build.py``.

Bubble stores each server-side action in a separate text box and supports no imports. Each action
is therefore built from the parts that it needs and from the model and price data.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import indent
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "nocode"))

from facts import facts  # noqa: E402 - needs the path above

HEAD = """\
async function(properties, context) {
  // All of this goes into the code box of the action. Built by build.py from parts/: edit there.
  const FACTS = %s;

"""
NEEDED = ("service", "prices", "defaults", "successors")
CHAT = ("thinking", "longest_answer_tokens")


def definition() -> dict[str, Any]:
    """Read the plugin definition for the plugin editor."""
    return json.loads((HERE / "plugin.json").read_text())


def built(action: dict[str, Any]) -> str:
    """Build the code of an action."""
    parts = [(HERE / "parts" / f"{part}.js").read_text() for part in action["parts"]]
    known = json.dumps(needed(action), ensure_ascii=False)
    return HEAD % known + "\n".join(indent(part, "  ") for part in parts) + "}\n"


def needed(action: dict[str, Any]) -> dict[str, Any]:
    """Select the model and price data that an action uses."""
    known = facts()
    chosen = {name: known[name] for name in NEEDED}
    if "chat" in action["parts"]:
        chosen |= {name: known[name] for name in CHAT}
    if action["name"] in known["instructions"]:
        chosen["instructions"] = {action["name"]: known["instructions"][action["name"]]}
    return chosen


def copies() -> dict[Path, str]:
    """Build the generated files and their contents."""
    actions = definition()["actions"]
    return {HERE / "actions" / f"{action['name']}.js": built(action) for action in actions}


if __name__ == "__main__":
    for path, text in copies().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
