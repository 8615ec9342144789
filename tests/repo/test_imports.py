"""Imports between packages, and of private names."""

import ast

import pytest

from tests.helpers.repository import PACKAGES, ROOT

EXCUSE = "# private:"
PACKAGE_BY_IMPORT = {name: package.name for package in PACKAGES for name in package.import_names}
SHARED_WITH_THE_SANDBOX = ("llmaas.catalog",)  # a witness must be independent: data only

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)


def imports(path):
    """Yield (line number, dotted name, the imported names) of every absolute import."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module, [alias.name for alias in node.names]


def owner(name):
    """Return the package that a dotted name belongs to, or None."""
    return next(
        (
            package
            for root, package in PACKAGE_BY_IMPORT.items()
            if name == root or name.startswith(f"{root}.")
        ),
        None,
    )


def allowed(package, path, name):
    if package.name == "sandbox":
        return name.startswith(SHARED_WITH_THE_SANDBOX)
    if package.name == "core":
        return False
    if package.name == "cli":
        return owner(name) in ("core", "sandbox")  # embedded, imported when asked for
    return owner(name) == "core" or (owner(name) == "cli" and is_demo(path))


def is_demo(path):
    """Whether a module is imported by ``llmaas demo`` only, which is in the package cli."""
    return "demo" in (path.stem, path.parent.name)


@each_package
def test_package_imports_only_itself_and_the_core(package):
    trespasses = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in package.modules
        for line, module, names in imports(path)
        for name in ([f"{module}.{part}" for part in names] or [module])
        if owner(name) not in (None, package.name) and not allowed(package, path, name)
    ]
    assert not trespasses


PUBLIC_MODULES = {"llmaas"} | {
    f"llmaas.{name}"
    for name in (
        *(
            "adapters",
            "catalog",
            "documents",
            "energy",
            "errors",
            "guard",
            "model_names",
            "options",
        ),
        *("pricing", "quota", "realtime", "settings", "structured", "warnings"),
    )
}
"""Modules of the core for everybody. Building blocks from further inside are in ``adapters``."""
PROGRAM_MODULES = PUBLIC_MODULES | {
    f"llmaas.{name}"
    for name in (
        *("bulk", "context", "proxies", "raw", "text"),
        *("types", "urls", "usage_log"),
    )
}
"""Modules that ``llmaas-cli`` may import as well."""
USERS = [p for p in PACKAGES if p.name not in ("core", "sandbox")]


@pytest.mark.parametrize("package", USERS, ids=lambda package: package.name)
def test_package_imports_only_public_modules_of_the_core(package):
    public = PROGRAM_MODULES if package.name == "cli" else PUBLIC_MODULES
    inner = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in package.modules
        for line, module, _ in imports(path)
        if owner(module) == "core" and module not in public
    ]
    assert not inner


@each_package
def test_package_imports_no_private_names(package):
    trespasses = []
    for path in package.modules:
        text = path.read_text().splitlines()
        for line, module, names in imports(path):
            private = [part for part in [*module.split("."), *names] if is_private(part)]
            if private and owner(module) != package.name and EXCUSE not in text[line - 1]:
                trespasses.append(f"{path.relative_to(ROOT)}:{line} imports {module} {names}")
    assert not trespasses


def is_private(name):
    return name.startswith("_") and not name.endswith("__")
