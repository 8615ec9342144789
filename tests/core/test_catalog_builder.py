"""The packaged file is what the committed script makes of its own facts."""

import importlib.util
import json
from importlib.resources import files
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packages/core/tools/build_catalog.py"


@pytest.fixture(scope="module")
def builder():
    spec = importlib.util.spec_from_file_location("build_catalog", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def card(name, **facts):
    return {"id": name, "category": "chat", "phase": "production", **facts}


def test_aliases_are_second_names_and_redirects_are_other_models(builder):
    live = {
        "observed_at": "2026-09-30T00:00:00Z",
        "source": "here",
        "data": [
            {"id": "a:1b", "root": "v/A", "aliases": ["a:1b", "v/A", "b:2b"], "max_model_len": 9},
            {"id": "c:3b", "root": "c:3b", "aliases": ["c:3b"], "max_model_len": 0},
        ],
    }
    made = builder.build([card("a:1b"), card("b:2b")], live, "2026-08-20")
    by_id = {model["id"]: model for model in made["models"]}
    assert made["redirects"] == {"b:2b": "a:1b"}
    assert by_id["a:1b"]["aliases"] == ["v/A"]
    assert (by_id["a:1b"]["live"], by_id["b:2b"]["live"]) == (True, False)
    assert by_id["c:3b"]["phase"] == "undocumented"
    assert by_id["c:3b"]["live_context_tokens"] is None


def test_the_packaged_file_is_written_as_the_script_writes(builder):
    text = files("llmaas").joinpath("data", "catalog.json").read_text("utf-8")
    assert builder.render(json.loads(text)) == text
