"""Check of the public API against the last release: ``python -m tools.api_changes``.

Compares every exported name with the newest tag ``vX.Y.Z``, by griffe, without importing anything.
A breaking change needs the next minor version (the next major one from 1.0 on).
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import griffe

from tests.helpers.repository import PACKAGES, ROOT
from tools.public_api import public_modules
from tools.release import VERSION, current_version, run_git, to_numbers

COLORS = re.compile(r"\x1b\[[\d;]*m")


def last_release() -> str | None:
    """Return the newest tag of a release, None before the first."""
    tags = run_git("tag", "--list", "v*", "--merged").split()
    released = [tag for tag in tags if VERSION.fullmatch(tag[1:])]
    return max(released, key=lambda tag: to_numbers(tag[1:]), default=None)


def may_break(old: str, new: str) -> bool:
    """Whether the version promises compatibility no longer: 0.1.3 to 0.2.0, 1.4.0 to 2.0.0."""
    digits = 2 if to_numbers(old)[0] == 0 else 1
    return to_numbers(new)[:digits] > to_numbers(old)[:digits]


def find_breakages(tag: str) -> Iterator[str]:
    """Describe each change of an exported name that can break a caller."""
    with TemporaryDirectory() as folder:
        extract(tag, Path(folder))
        for package in PACKAGES:
            source = package.path.relative_to(ROOT) / "src"
            for name in package.import_names:
                yield from compare(name, Path(folder) / source, ROOT / source)


def extract(tag: str, folder: Path) -> None:
    """Write the packages of a release into a folder."""
    command = ["git", "archive", "--format=zip", tag, "packages"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder)


def compare(name: str, before: Path, after: Path) -> Iterator[str]:
    """Describe the breaking changes of one import name between two folders."""
    if not before.joinpath(*name.split(".")).exists():  # new since then
        return
    old, new = (griffe.load(name, search_paths=[source]) for source in (before, after))
    exported = exported_paths(old)
    for breakage in griffe.find_breaking_changes(old, new):
        if is_within(breakage.obj.canonical_path, exported):
            line = breakage.explain(griffe.ExplanationStyle.ONE_LINE)
            yield COLORS.sub("", line).replace(f"{after}/", "").replace(f"{before}/", "")


def exported_paths(module: Any) -> set[str]:
    """Return where the public names of a package are defined, with the bases of classes."""
    paths: set[str] = set()
    for home, names in public_modules().items():
        _, is_inside, below = f"{home}.".partition(f"{module.path}.")
        if is_inside and (not below or below.strip(".") in module.modules):
            found = module[below.strip(".")] if below else module
            public = names or [name for name in found.members if not name.startswith("_")]
            members = (found.members.get(name) for name in public)
            paths |= {path for member in members if member for path in defining_paths(member)}
    return paths


def defining_paths(member: Any) -> set[str]:
    """Return the path of a member, and those of the classes that it inherits from."""
    try:
        target = member.final_target if member.is_alias else member
    except griffe.AliasResolutionError:  # defined by another distribution
        return set()
    bases = target.mro() if target.is_class else ()
    return {target.canonical_path, *(base.canonical_path for base in bases)}


def is_within(path: str, parents: set[str]) -> bool:
    """Whether a path is one of the parents, or inside of one."""
    return any(f"{path}.".startswith(f"{parent}.") for parent in parents)


def main() -> None:
    """Print all breaking changes; fail unless the version allows them."""
    tag = last_release()
    if tag is None:
        print("There is no release yet: nothing to compare with.")
        return
    breakages = sorted(set(find_breakages(tag)))
    print("\n".join(breakages) or f"No breaking change since {tag}.")
    if breakages and not may_break(tag[1:], current_version()):
        sys.exit(f"{len(breakages)} breaking changes since {tag}: raise the minor version.")


if __name__ == "__main__":
    main()
