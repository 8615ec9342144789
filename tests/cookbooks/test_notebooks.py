"""Every notebook, executed in a real kernel on the embedded sandbox, says what the file says."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

if find_spec("semantic_kernel") is None:
    pytest.skip("no frameworks in the environment of the apps", allow_module_level=True)
import nbformat

from tools.notebooks import KEY, ROOT, all_notebooks, read, shape, text

pytestmark = pytest.mark.timeout(600)
AGAIN = "`nox -s notebooks` executes and writes it anew"
each_notebook = pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def runs(request):
    """Start what was selected, two at a time: most of the time goes into importing frameworks."""
    mine = [item for item in request.session.items if item.path == request.path]
    items = [item for item in mine if "runs" in item.fixturenames]
    with ThreadPoolExecutor(2) as pool:
        paths = [item.callspec.params["path"] for item in items]
        yield {path: pool.submit(executed, path) for path in paths}


@each_notebook
def test_it_runs_and_says_the_same(path, runs):
    kept, now = read(path), runs[path].result()
    assert [cell.source for cell in now.cells] == [cell.source for cell in kept.cells]
    for before, after in zip(kept.cells, now.cells, strict=True):
        if before.cell_type == "code":
            assert shape(after) == shape(before), f"{AGAIN}: {before.source}"
            if KEY in before.metadata.get("tags", []):
                assert text(after) == text(before), f"{AGAIN}: {before.source}"


def executed(path):
    """Run it in a process of its own: jupyter leaves sockets and loops behind."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.notebooks", "--print", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return nbformat.reads(done.stdout, as_version=4)


def test_a_cell_that_fails_is_found(tmp_path):
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(broken, tmp_path / "broken.ipynb")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        executed(tmp_path / "broken.ipynb")


def test_a_cell_that_reaches_beyond_this_machine_is_found(tmp_path):
    cell = nbformat.v4.new_code_cell("import socket\nsocket.getaddrinfo('example.com', 443)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "far.ipynb")
    with pytest.raises(AssertionError, match="NetworkForbiddenError"):
        executed(tmp_path / "far.ipynb")
