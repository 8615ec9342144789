"""Figures of the code: import cycles, imported modules, dependencies, sizes, docstrings.

``python -m tools.code_figures`` prints them for this checkout, ``... BEFORE`` prints a table that
compares another checkout with this one.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

from packaging.requirements import Requirement

from tests.helpers.repository import ROOT
from tools.tables import markdown

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Node = TypeVar("Node", bound=ast.AST)
COUNT_MODULES = "import sys; from llmaas import ConfigurationError; print(len(sys.modules))"


class Edge(NamedTuple):
    """Import of a module of the same package."""

    target: str
    is_typing: bool


def compute_figures(root: Path) -> dict[str, str]:
    """Compute all figures of a checkout."""
    core = root / "packages/core/src"
    sources = sorted(root.glob("packages/*/src"))
    functions = [node for tree in trees(sources) for node in walk(tree, FUNCTIONS)]
    files = [len(path.read_text().splitlines()) for path in find_files(sources)]
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for node in functions]
    return {
        "import cycles at run time, also inside functions": str(sum(map(count_cycles, sources))),
        "import cycles with imports for type checkers": str(
            sum(count_cycles(source, typing=True) for source in sources)
        ),
        "modules loaded by `from llmaas import ConfigurationError`": count_loaded_modules(core),
        "distributions installed by `pip install llmaas`": str(
            len(collect_distributions(root / "packages/core"))
        ),
        "`Any` in the core": str(count_any(core)),
        "lines of a file: median, longest": f"{median(files):.0f}, {max(files)}",
        "lines of a function: median, longest": f"{median(lengths):.0f}, {max(lengths)}",
        "modules, classes and functions with a docstring": f"{share_documented(sources):.0%}",
        "hand-written error classes in adapters": str(sum(map(count_bridges, sources))),
    }


def find_files(sources: list[Path]) -> Iterator[Path]:
    """Yield the Python files of packages, without empty ones."""
    for source in sources:
        yield from (path for path in sorted(source.rglob("*.py")) if path.stat().st_size)


def trees(sources: list[Path]) -> Iterator[ast.Module]:
    """Yield the syntax trees of packages."""
    yield from map(parse, find_files(sources))


@cache
def parse(path: Path) -> ast.Module:
    """Parse one file."""
    return ast.parse(path.read_text())


def walk(tree: ast.AST, kinds: tuple[type[Node], ...]) -> Iterator[Node]:
    """Yield the nodes of some kinds."""
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def count_cycles(source: Path, *, typing: bool = False) -> int:
    """Count groups of modules that import each other (strongly connected components)."""
    graph = import_graph(source, typing=typing)
    reached = {name: reach(graph, name) for name in graph}
    groups = {
        frozenset(other for other in reached[name] if name in reached[other]) for name in graph
    }
    return sum(len(group) > 1 for group in groups)


def reach(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return all modules that one module imports, directly or not."""
    found: set[str] = set()
    left = [start]
    while left:
        new = graph[left.pop()] - found
        found |= new
        left += new
    return found


def import_graph(source: Path, *, typing: bool) -> dict[str, set[str]]:
    """Return the imports of each module of a package, with the packages around the imported."""
    known = {module_name(source, path): path for path in source.rglob("*.py")}
    return {
        name: {
            edge.target
            for edge in edges(parse(path), known)
            if (typing or not edge.is_typing) and not f"{name}.".startswith(f"{edge.target}.")
        }
        for name, path in known.items()
    }


def module_name(source: Path, path: Path) -> str:
    """Return the name under which a file is imported."""
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def edges(node: ast.AST, known: dict[str, Path], *, is_typing: bool = False) -> Iterator[Edge]:
    """Yield the imports below a node that stay in the package."""
    for child in ast.iter_child_nodes(node):
        is_guard = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        for name in imported_names(child):
            parents = (name.rsplit(".", depth)[0] for depth in range(name.count(".") + 1))
            yield from (Edge(parent, is_typing) for parent in parents if parent in known)
        yield from edges(child, known, is_typing=is_typing or is_guard)


def imported_names(node: ast.AST) -> list[str]:
    """Return the dotted names that a statement imports."""
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def count_loaded_modules(core: Path) -> str:
    """Count the modules of a new process that imported one error class."""
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {paths(core)}"]
    command[-1] += f"; {COUNT_MODULES}"
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def paths(core: Path) -> list[str]:
    """Return the search path of that process: the core, then the environment's libraries."""
    return [str(core), *(path for path in sys.path if path.endswith("site-packages"))]


def collect_distributions(folder: Path) -> set[str]:
    """Collect what pip installs for a package, from the metadata of this environment."""
    table = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    found: set[str] = {table["name"]}
    left = list(table["dependencies"])
    while left:
        requirement = Requirement(left.pop())
        name = requirement.name.lower().replace("_", "-")
        extras = requirement.extras or {""}
        marker = requirement.marker
        if name in found or not (
            marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
        ):
            continue
        found.add(name)
        left += [text for text in read_requirements(name) if "extra ==" not in text]
    return found


def read_requirements(name: str) -> list[str]:
    """Return the requirements of an installed distribution."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        raise SystemExit(f"{name} must be installed to read its requirements.") from None


def count_any(core: Path) -> int:
    """Count the uses of ``Any``, without imports."""
    return sum(
        node.id == "Any"
        for tree in trees([core])
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
    )


def share_documented(sources: list[Path]) -> float:
    """Return the share of modules, classes and functions that have a docstring."""
    kinds = (ast.Module, ast.ClassDef, *FUNCTIONS)
    nodes = [node for tree in trees(sources) for node in walk(tree, kinds)]
    return sum(bool(ast.get_docstring(node)) for node in nodes) / len(nodes)  # type: ignore[arg-type]


def count_bridges(source: Path) -> int:
    """Count the classes of an adapter that derive from an error of the core."""
    if source.parent.name in {"core", "cli", "sandbox"}:
        return 0
    return sum(
        derives_from_core(node, imported_errors(tree))
        for tree in trees([source])
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )


def imported_errors(tree: ast.Module) -> set[str]:
    """Return the local names of the core's errors, or of the module that has them."""
    return {
        alias.asname or alias.name
        for node in walk(tree, (ast.ImportFrom,))
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "llmaas"
        for alias in node.names
        if "rror" in alias.name or alias.name == "StreamInterrupted"
    } | {"llmaas"}


def derives_from_core(node: ast.ClassDef, names: set[str]) -> bool:
    """Return whether a base of a class is among some names."""
    return any(ast.unparse(base).split(".")[0] in names for base in node.bases)


def main() -> None:
    """Print the figures, as a table."""
    folders = [Path(argument) for argument in sys.argv[1:]] + [ROOT]
    columns = [compute_figures(folder.resolve()) for folder in folders]
    head = ["", "before", "now"] if len(columns) > 1 else ["", "now"]
    print(markdown(head, [[name, *(column[name] for column in columns)] for name in columns[0]]))


if __name__ == "__main__":
    main()
