"""The packages of the repository: folders, metadata, modules and import names."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Package:
    """One folder under packages/."""

    path: Path

    @property
    def name(self) -> str:
        """The short name of the package: its folder, also under tests/ and cookbooks/."""
        return self.path.name

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """The whole pyproject.toml."""
        return tomllib.loads((self.path / "pyproject.toml").read_text())

    @property
    def project(self) -> dict[str, Any]:
        """The ``[project]`` table."""
        table: dict[str, Any] = self.configuration["project"]
        return table

    @property
    def unlocked_extras(self) -> list[str]:
        """Extras that conflict with other packages, and so are not in the lock."""
        return list(self.configuration["tool"].get("llmaas", {}).get("unlocked-extras", []))

    @property
    def demos(self) -> list[str]:
        """Names of the demos that the package registers."""
        return list(self.project.get("entry-points", {}).get("llmaas.demos", ()))

    @property
    def modules(self) -> list[Path]:
        """Every Python file that is shipped."""
        return sorted((self.path / "src").rglob("*.py"))

    @property
    def packages(self) -> list[Path]:
        """The topmost folders with an ``__init__.py``: several in a shared namespace."""
        inits = [module.parent for module in self.modules if module.name == "__init__.py"]
        return [folder for folder in inits if folder.parent not in inits]

    @property
    def import_names(self) -> list[str]:
        """Names that users import."""
        source = self.path / "src"
        return [".".join(folder.relative_to(source).parts) for folder in self.packages]


PACKAGES = [Package(path.parent) for path in sorted(ROOT.glob("packages/*/pyproject.toml"))]


def tracked_files() -> list[Path]:
    """Every file of the repository, as git lists them."""
    command = ["git", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    return [path for path in paths if path.is_file()]
