"""Imports between the parts of the package: what notebooks use imports unknown command."""

import ast
from pathlib import Path

import pytest

import llmaas_cli

ROOT = Path(llmaas_cli.__file__).parent
SHARED = sorted(path for path in ROOT.rglob("*.py") if "commands" not in path.parts)


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", SHARED, ids=lambda path: str(path.relative_to(ROOT)))
def test_shared_module_imports_no_command(path):
    imported = [name for name in imported_modules(path) if "llmaas_cli.commands" in name]
    assert not imported or path == ROOT / "__main__.py"
