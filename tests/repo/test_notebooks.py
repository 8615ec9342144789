"""Notebooks: complete outputs, no machine data."""

import json
import re

import pytest

from tests.helpers.repository import ROOT, tracked_files

NOTEBOOKS = [path for path in tracked_files() if path.suffix == ".ipynb"]
WANTED = {"agent-framework", "autogen", "haystack", "jupyter", "langchain", "semantic-kernel"}
OF_A_MACHINE = {
    "a path": r"(?<![\w.:/])/(?:tmp|usr|var|opt|mnt|private)/|[A-Z]:\\\\",
    "an address of a sandbox": r"127\.0\.0\.1|localhost",
    "an object's place in memory": r"\bat 0x[0-9a-f]{6,}",
    "a key of the sandbox": r"sk-sandbox",
}
LARGEST = 400_000
"""Bytes: a notebook is read in a browser and kept in every clone."""

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_every_framework_has_a_notebook():
    assert {path.parent.name for path in NOTEBOOKS} >= WANTED | {"sovereign-rag"}


@each_notebook
def test_notebook_has_the_outputs_of_one_run(path):
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell["outputs"]) for cell in cells) >= len(cells) / 2
    streams = [out.get("name") for cell in cells for out in cell["outputs"]]
    assert "stderr" not in streams


@each_notebook
def test_notebook_explains_the_sandbox(path):
    prose = " ".join("".join(cell["source"]) for cell in read(path)["cells"][:2])
    assert "sandbox" in prose
    assert "extracts" in prose


@each_notebook
@pytest.mark.parametrize("what", OF_A_MACHINE)
def test_notebook_contains_no_machine_data(path, what):
    outputs = [cell.get("outputs", []) for cell in read(path)["cells"]]
    found = re.search(OF_A_MACHINE[what], json.dumps(outputs, ensure_ascii=False))
    assert not found, found


@each_notebook
def test_notebook_contains_no_volatile_output(path):
    content = read(path)
    assert set(content["metadata"]) == {"kernelspec", "language_info"}
    assert "version" not in content["metadata"]["language_info"]
    assert [cell["id"] for cell in content["cells"]] == [
        f"cell-{place}" for place in range(1, len(content["cells"]) + 1)
    ]
    assert all(set(cell["metadata"]) <= {"tags"} for cell in content["cells"])
    assert path.stat().st_size < LARGEST


@each_notebook
def test_notebook_cells_are_short(path):
    longest = max(len(cell["source"]) for cell in read(path)["cells"])
    assert longest <= 45, f"{path.relative_to(ROOT)}: {longest} lines"


def read(path):
    return json.loads(path.read_text())
