"""Modules that an import of an adapter's main class loads, beyond those of its framework.

The time of an import is noise on a busy machine; the number of its modules is not. The statements
are those of the benchmark, ``python tests/bench --works import``.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.helpers.repository import ROOT

NEW_MODULES = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
module = importlib.import_module(f"drivers.{sys.argv[2]}")
clients = [each for each in vars(module).values() if hasattr(each, "floor")]
ours = next(each for each in clients if each.floor)
exec(next(each.imports for each in clients if getattr(each, "name", "") == ours.floor))
before = set(sys.modules)
exec(ours.imports)
print(json.dumps(sorted(set(sys.modules) - before)))
"""
MOST_OF_OURS = {
    "agent_framework": 37,
    "autogen": 47,
    "haystack": 50,
    "langchain": 55,
    "llama_index": 42,
    "pydantic_ai": 54,
    "semantic_kernel": 61,
}
"""Modules of this repository by driver of the benchmark: the adapter's own and the core's."""
FOR_CALLS = {"aiohttp", "httpx", "httpx2", "openai", "ssl"}
"""Libraries that only calls need."""


@pytest.mark.parametrize("driver", MOST_OF_OURS)
def test_adapter_loads_few_modules_beyond_its_framework_when_imported(driver):
    command = [sys.executable, "-W", "ignore", "-c", NEW_MODULES, str(ROOT / "tests/bench"), driver]
    new = json.loads(subprocess.check_output(command, text=True).splitlines()[-1])
    ours = [name for name in new if "llmaas" in name]
    assert len(ours) <= MOST_OF_OURS[driver], ours
    assert not FOR_CALLS & {name.partition(".")[0] for name in new}
