"""Proofs that SECURITY.md names for each finding."""

import ast
import re

import pytest

from tests.helpers.repository import ROOT

PAGE = (ROOT / "SECURITY.md").read_text()
ROWS = {int(number): row for number, row in re.findall(r"^\| (\d+) \| (.+)$", PAGE, re.MULTILINE)}
PROOF = re.compile(r"`(tests/[\w/-]+\.py)::(test_\w+)`")
IN_APPS = re.compile(r"`\./run --apps pytest (tests/[\w/-]+\.py) -k '([\w ]+)'`")
COMMANDED = re.compile(r"tests/[a-z_/-]*\.py::test_[a-z0-9_]*")
PROOFS = sorted(set(PROOF.findall(PAGE)))
APP_PROOFS = [(path, name) for path, names in IN_APPS.findall(PAGE) for name in names.split(" or ")]


def test_findings_have_proofs():
    assert sorted(ROWS) == list(range(1, 22))
    assert [
        number for number, row in ROWS.items() if not (PROOF.search(row) or IN_APPS.search(row))
    ] == []


def test_findings_command_runs_every_proof():
    assert sorted(set(COMMANDED.findall(PAGE))) == ["::".join(proof) for proof in PROOFS]


@pytest.mark.parametrize(("path", "name"), PROOFS + APP_PROOFS)
def test_proof_exists(path, name):
    tree = ast.parse((ROOT / path).read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    assert name in {node.name for node in tree.body if isinstance(node, kinds)}
