"""Conformed conversations in real chat templates."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from llmaas.catalog.families import families
from llmaas.wire.conversation.conform import conform
from llmaas.wire.conversation.family import Family
from tests.helpers.conversations import CONVERSATIONS, texts_of
from tools import chat_templates

pytest.importorskip("jinja2")
FOLDER = Path(os.environ.get("CHAT_TEMPLATES") or "no-templates")
if not any(FOLDER.glob("*.jinja")):
    pytest.skip("no chat templates: `nox -s templates` fetches them", allow_module_level=True)

JINJA = chat_templates.environment()
TABLE = json.loads(files("llmaas").joinpath("data", "families.json").read_text("utf-8"))
TEMPLATE_OF = {e["id"]: e["template"] for e in TABLE["families"] if "template" in e}
FAMILIES = {family.id: family for family in families()}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "A tool.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    for name in ("weather", "mail")
]
STRICT = [t for f, t in TEMPLATE_OF.items() if FAMILIES[f].tools and FAMILIES[f].system == "first"]


def check(family: Family, name: str) -> None:
    template = JINJA.from_string((FOLDER / f"{name}.jinja").read_text())

    @settings(max_examples=100)
    @given(CONVERSATIONS)
    def renders_every_text(messages: list[Any]) -> None:
        sent, _ = conform(messages, family)
        tools = TOOLS if any(m.get("tool_calls") for m in sent) else None
        prompt = chat_templates.render(template, sent, tools)
        assert [text for text in texts_of(messages) if text.strip() not in prompt] == []

    renders_every_text()


@pytest.mark.parametrize("family", TEMPLATE_OF)
def test_template_renders_every_text_when_conformed_for_its_family(family: str) -> None:
    check(FAMILIES[family], TEMPLATE_OF[family])


@pytest.mark.parametrize("name", STRICT)
def test_template_renders_every_text_when_the_model_is_unknown(name: str) -> None:
    check(FAMILIES["unknown"], name)
