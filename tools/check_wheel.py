"""Check of a wheel's and sdist's files: ``python -m tools.check_wheel PACKAGE WHEEL SDIST``."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile

from tests.helpers.repository import ROOT


def strange(package: str, wheel: str, sdist: str) -> dict[str, set[str]]:
    """Compare both with the files that git tracks, and with license and README."""
    code = {name.removeprefix("src/") for name in tracked(package) if name.startswith("src/")}
    names = set(zipfile.ZipFile(wheel).namelist())
    papers = {name.partition("/")[2] for name in names - code if ".dist-info/" in name}
    strangers = {name for name in names - code if ".dist-info/" not in name}
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    return {
        "missing in the wheel": code - names | {"METADATA", "WHEEL", "licenses/LICENSE"} - papers,
        "strange in the wheel": strangers,
        "not typed": {"py.typed"} - {name.rpartition("/")[2] for name in names},
        "missing in the sdist": (tracked(package) | {"PKG-INFO"}) - packed,
        "strange in the sdist": packed - tracked(package) - {"PKG-INFO", ".gitignore"},
    }


def tracked(package: str) -> set[str]:
    """List the files of a package that git tracks."""
    command = ["git", "ls-files", "."]
    folder = ROOT / "packages" / package
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines())


if __name__ == "__main__":
    found = {where: sorted(names) for where, names in strange(*sys.argv[1:]).items() if names}
    if found:
        sys.exit(f"{sys.argv[1]}: {found}")
