"""Files of every package, and the size of modules and functions."""

import ast
from itertools import chain
from statistics import median

import pytest

from tests.helpers.repository import PACKAGES, ROOT

LONGEST_MODULE = 350
MEDIAN_MODULE = 200
MEDIAN_FUNCTION = 10
NAMES_ONLY = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
LAZY = {"__getattr__", "__dir__"}

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)


def lines(path):
    return len(path.read_text().splitlines())


@each_package
def test_license_is_the_same(package):
    assert (package.path / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@each_package
def test_types_are_declared_in_the_leaf(package):
    assert package.packages
    for folder in package.packages:
        assert (folder / "py.typed").is_file(), folder


@each_package
def test_readme_exists(package):
    assert lines(package.path / "README.md") >= 1


@each_package
def test_modules_are_short(package):
    too_long = {path.name: lines(path) for path in package.modules if lines(path) > LONGEST_MODULE}
    assert not too_long
    assert median(map(lines, package.modules)) <= MEDIAN_MODULE


@each_package
def test_median_function_is_short(package):
    trees = [ast.parse(path.read_text()) for path in package.modules]
    nodes = chain.from_iterable(map(ast.walk, trees))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = [node.end_lineno - node.lineno + 1 for node in functions]
    assert median(lengths or [0]) < MEDIAN_FUNCTION


@each_package
def test_init_contains_names_only(package):
    for path in package.modules:
        if path.name == "__init__.py":
            others = [node for node in ast.parse(path.read_text()).body if not is_a_name(node)]
            assert not others, f"{path}:{others[0].lineno}"


def is_a_name(node):
    if isinstance(node, ast.If):  # TYPE_CHECKING
        return all(is_a_name(child) for child in node.body + node.orelse)
    if isinstance(node, ast.FunctionDef):
        return node.name in LAZY
    if isinstance(node, ast.Expr):  # a docstring
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, NAMES_ONLY)


def test_only_helpers_are_packages_in_tests():
    """Elsewhere an ``__init__.py`` would let tests/haystack hide the library of that name."""
    inits = {path.parent for path in (ROOT / "tests").rglob("__init__.py")}
    helpers = ROOT / "tests" / "helpers"
    assert {path for path in inits if helpers not in (path, *path.parents)} == {ROOT / "tests"}
