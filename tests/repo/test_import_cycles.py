"""The import graph of each package: no cycles, no imports of higher layers, lazy only with reason.

An edge is an import anywhere in a module, also inside functions: a cycle that runs only later is
a cycle. Importing ``a.b.c`` also imports ``a`` and ``a.b``, except for modules inside of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGES = sorted((Path(__file__).parents[2] / "packages").glob("*/src"))

TYPED_IN_CIRCLES = (
    "llmaas.answer_metadata",  # writes down what a completion holds, which it is called by
)
"""Modules whose imports for type checkers alone may close a cycle."""

LAYERS = {
    "llmaas": {
        "foundation": "_errors_base _error_facts _lazy _http_library _tokens _version urls"
        " _control_tokens errors finish_reasons _fork _headers _once _jsonl _api_key _learned"
        " local_files proxies _scopes _option_parsing _redaction text _guard_verdict warnings"
        " model_names",
        "values": "answer_metadata content_parts documents _empty_reason messages pricing"
        " raw_types result_types types",
        "wire": "wire",
        "knowledge": "catalog context energy invalid_output output_types _error_factory structured",
        "connection": "_client_options options _openai_sdk settings transport",
        "operations": "_calls hooks ops",
        "hooks": "guard quota telemetry usage_log",
        "client": "_base_client _chat_methods client _keyword_arguments _operations realtime"
        " streaming",
        "programs": "_ipython adapters bulk raw ray",
    },
    "llmaas_sandbox": {
        "foundation": "bounded_cache catalog clock config connections errors json_body reply"
        " request_log scripted_responses store tls tokens usage",
        "domain": "audio audit auth batch chat embeddings engines families faults images legacy"
        " lifecycle limits machines measured monitor prompts realtime rerank responder upstream",
        "state": "state",
        "statistics": "console",
        "http": "http",
        "api": "api",
        "programs": "__main__ app cli pytest_plugin server",
    },
}
"""Layers of a package, the lowest first: a module imports its own layer and those below."""

LAZY = {
    "llmaas.errors": "imports the openai SDK",
    "llmaas._error_factory": "imports the openai SDK",
    "llmaas._openai_sdk": "imports the openai SDK",
    "llmaas.transport.httpx_transport": "imports httpx",
    "llmaas.transport.aiohttp_transport": "imports aiohttp",
    "llmaas.documents.images": "imports Pillow, an extra",
    "llmaas.catalog.measured_models": "only for callers that have a profile",
    "llmaas.catalog.profile_loading": "only for clients that have a profile",
    "llmaas.documents.audio_length": "only for clients that have a budget",
    "llmaas.quota": "only for clients that have a budget",
    "langchain_llmaas.structured_output": "imports LangChain's output parsers",
    "haystack_integrations.common.llmaas.pages": "imports Pillow and pypdfium2, an extra",
    "llmaas_sandbox.tls.authority": "imports the certificates of cryptography, for TLS alone",
    "llmaas_sandbox.server": "pytest loads the plugin in every run",
}
"""Modules of the same package that functions may import, and why."""

START_FAST = ("llmaas_cli",)
"""Programs, which import what a command needs when it runs."""


class Import(NamedTuple):
    """One import of a module of the same package."""

    target: str
    line: int
    is_lazy: bool
    is_typing: bool


each_package = pytest.mark.parametrize("source", PACKAGES, ids=lambda source: source.parent.name)


@cache
def modules(source: Path) -> dict[str, Path]:
    """Return the files of a package by the names that they are imported as."""
    names = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


@cache
def imports(source: Path, name: str) -> list[Import]:
    """Return all imports of a module that stay in its package."""
    known, tree = modules(source), ast.parse(modules(source)[name].read_text())
    return [
        Import(target, node.lineno, is_lazy, is_typing)
        for node, is_lazy, is_typing in statements(tree, is_lazy=False, is_typing=False)
        for target in targets(node, known)
        if not f"{name}.".startswith(f"{target}.")
    ]


def statements(
    node: ast.AST, *, is_lazy: bool, is_typing: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, is_lazy, is_typing
            continue
        is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        is_guard = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        yield from statements(
            child, is_lazy=is_lazy or is_function, is_typing=is_typing or is_guard
        )


def targets(node: ast.Import | ast.ImportFrom, known: dict[str, Path]) -> set[str]:
    """Return the modules that one statement imports, with the packages around them."""
    if isinstance(node, ast.Import):
        names = {alias.name for alias in node.names}
    else:
        assert not node.level, "imports are absolute"
        names = {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    parents = {name.rsplit(".", depth)[0] for name in names for depth in range(name.count("."))}
    return {name for name in names | parents if name in known}


def cycle(graph: dict[str, list[str]]) -> list[str]:
    """Return the modules of one cycle, or nothing: what is left when all ends are taken away."""
    left = dict(graph)
    while ends := [name for name in left if not any(other in left for other in left[name])]:
        for name in ends:
            del left[name]
    if not left:
        return []
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(other for other in left[path[-1]] if other in left))
    return path[path.index(path[-1]) :]


@each_package
def test_package_has_no_import_cycle(source: Path) -> None:
    graph = {
        name: [
            each.target
            for each in imports(source, name)
            if not (each.is_typing and name.startswith(TYPED_IN_CIRCLES))
        ]
        for name in modules(source)
    }
    assert cycle(graph) == []


def test_cycle_is_found() -> None:
    assert cycle({"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}) == ["b", "c", "b"]


def layer(name: str) -> int:
    """Return the height of a module in its package; ``__init__`` only re-exports."""
    package, _, inner = name.partition(".")
    if not inner:
        return 0 if package == "llmaas" else len(LAYERS[package])
    top = inner.partition(".")[0]
    layers = LAYERS[package].values()
    heights = [height for height, names in enumerate(layers) if top in names.split()]
    assert len(heights) == 1, f"{name} needs a place in LAYERS"
    return heights[0]


@pytest.mark.parametrize("package", LAYERS)
def test_module_imports_no_higher_layer(package: str) -> None:
    source = next(source for source in PACKAGES if (source / package).is_dir())
    upward = [
        f"{name}:{each.line} imports {each.target}"
        for name in modules(source)
        for each in imports(source, name)
        if layer(each.target) > layer(name)
        if not (each.is_typing and package == "llmaas")
    ]
    assert not upward


@each_package
def test_function_imports_own_module_only_with_reason(source: Path) -> None:
    lazy = [
        f"{name}:{each.line} imports {each.target}"
        for name in modules(source)
        if not name.startswith(START_FAST)
        for each in imports(source, name)
        if each.is_lazy and not any(f"{known}.".startswith(f"{each.target}.") for known in LAZY)
    ]
    assert not lazy
