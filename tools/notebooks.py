"""Execution of the cookbook notebooks in a real kernel, saved without volatile output.

``python -m tools.notebooks [WORD ...]`` executes those whose path holds a word (all without
one) and writes them back with their outputs; ``--print PATH`` prints one instead.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from tests.helpers.browser.kernels import GUARD, clean

ROOT = Path(__file__).parents[1]
SECONDS = 240
KEY = "key"
"""The tag of a cell whose output must be the same wherever it runs."""
NO_NOISE = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
TRANSIENT = ("application/vnd.jupyter.widget-view+json",)
TIMES = re.compile(r"\b\d+(?:\.\d+)? (s|ms)\b")


def all_notebooks() -> list[Path]:
    """Return every notebook of the cookbooks."""
    return sorted(ROOT.glob("cookbooks/*/*.ipynb"))


def read(path: Path) -> Any:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def executed(path: Path, environment: dict[str, str] | None = None) -> Any:
    """Run a notebook from its folder, without a key by default; raise when a cell fails."""
    notebook = read(path)
    guard = nbformat.v4.new_code_cell(GUARD)  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, guard)
    manager = AsyncKernelManager(kernel_name="python3")
    assert manager.kernel_spec is not None
    manager.kernel_spec.argv[0] = sys.executable
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, manager, timeout=SECONDS, resources=resources)
    with tempfile.TemporaryDirectory() as profile:
        reported = clean({"IPYTHONDIR": profile, **(environment or {})})
        asyncio.run(client.async_execute(env=reported))
    del notebook.cells[0]
    return normalised(notebook)


def normalised(notebook: Any) -> Any:
    """Remove volatile output: ids, times and progress."""
    notebook.metadata = nbformat.from_dict(NO_NOISE)  # type: ignore[no-untyped-call]
    count = 0
    for position, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{position}"
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})  # type: ignore[no-untyped-call]
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = list(_quiet(_merged(cell.outputs), count))
    return notebook


def _merged(outputs: list[Any]) -> Iterator[Any]:
    """Join neighboring pieces of one stream, whose boundaries depend on timing."""
    for kind, group in groupby(outputs, key=lambda output: output.get("name")):
        first, *others = group
        if kind is None:
            yield from (first, *others)
        else:
            first.text = "".join(output.text for output in (first, *others))
            yield first


def _quiet(outputs: Iterable[Any], count: int) -> Iterator[Any]:
    for output in outputs:
        if "execution_count" in output:
            output.execution_count = count
        if "metadata" in output:
            output.metadata = nbformat.from_dict({})  # type: ignore[no-untyped-call]
        for kind in TRANSIENT:
            output.get("data", {}).pop(kind, None)
        yield output


def shape(cell: Any) -> list[tuple[str, ...]]:
    """Return the kinds of output of a cell, without warnings, which depend on the machine."""
    return [
        (output.output_type, *sorted(output.get("data", {})))
        for output in cell.outputs
        if output.get("name") != "stderr"
    ]


def text(cell: Any) -> str:
    """Return the text output of a cell, without durations."""
    parts = [
        output.get("text") or output.get("ename") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]
    return TIMES.sub(r"# \1", "\n".join(parts))


def write(path: Path, notebook: Any) -> None:
    """Save a notebook, unless only durations differ from the file."""
    if marks(notebook) != marks(read(path)):
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def marks(notebook: Any) -> list[Any]:
    """Return the parts of a notebook that count as a change."""
    return [
        (
            cell.id,
            cell.source,
            cell.metadata,
            *((shape(cell), text(cell)) if "outputs" in cell else ()),
        )
        for cell in notebook.cells
    ]


def main(arguments: list[str]) -> None:
    """Execute the notebooks, and save them or print differences."""
    if arguments[:1] == ["--print"]:
        print(json.dumps(executed(Path(arguments[1]))))
        return
    for path in all_notebooks():
        name = path.relative_to(ROOT).as_posix()
        if not arguments or any(word in name for word in arguments):
            print(name, flush=True)
            write(path, executed(path))


if __name__ == "__main__":
    main(sys.argv[1:])
