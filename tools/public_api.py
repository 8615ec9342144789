"""The public API: modules that users import, and the names that they export.

Read from the source, without importing it.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE_MODULES = (
    *("adapters", "bulk", "catalog", "context", "documents", "energy", "errors", "guard", "hooks"),
    *("messages", "model_names", "options", "pricing", "proxies", "quota", "ray", "realtime"),
    *("settings", "structured", "telemetry", "text", "types", "urls", "usage_log", "warnings"),
)
"""Public modules of the core."""
OTHERS = (
    *("autogen_llmaas.classic", "langchain_llmaas.middleware"),
    *("llmaas_cli.demo", "llmaas_cli.jupyter", "llmaas_cli.mcp"),
)
"""Public modules inside other packages."""
INTERNAL = ("llmaas_cli.", "llmaas_sandbox.")


def public_modules() -> dict[str, list[str]]:
    """Return the public modules of all packages, with the names that they export.

    A module without ``__all__`` has an empty list: its names without an underscore are public.
    """
    found: dict[str, list[str]] = {}
    sources = sorted(ROOT.glob("packages/*/src"), key=lambda path: path.parent.name != "core")
    for source in sources:  # the client first
        for path in sorted(source.rglob("*.py")):
            module = module_name(path.relative_to(source))
            if is_public(module, path):
                found[module] = exported(path)
    return found


def module_name(path: Path) -> str:
    """Return the dotted name of a file."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_public(module: str, path: Path) -> bool:
    """Whether users import names from a module."""
    if module in OTHERS:
        return True
    if "._" in module or module.startswith(INTERNAL) or module.endswith(".demo"):
        return False
    if module.startswith("llmaas."):
        return module.removeprefix("llmaas.") in CORE_MODULES
    return path.name == "__init__.py" and bool(exported(path))


def exported(path: Path) -> list[str]:
    """Return the names in a module's ``__all__``, without its version."""
    for node in ast.parse(path.read_text("utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(each, ast.Name) and each.id == "__all__" for each in targets):
            names = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            return sorted((name for name in names if name != "__version__"), key=rank)
    return []


def rank(name: str) -> int:
    """Rank a name for readers: clients first, errors last, the others as they are listed."""
    return 1 + is_error(name) - name.endswith("LLMaaS")


def is_error(name: str) -> bool:
    """Whether a name is that of an exception."""
    return name.endswith(("Error", "Interrupted", "Abandoned"))


def summary(module: str) -> str:
    """Return the first sentence of a module's docstring."""
    parts = module.split(".")
    for source in ROOT.glob("packages/*/src"):
        base = source.joinpath(*parts)
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path.is_file():
                text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
                return " ".join(text.partition("\n\n")[0].split())
    return ""
