"""Execution of a Dockerfile's steps in a bare directory, where no container program is installed.

The directory stands for the root of the last stage: absolute paths of the image are moved into it.
``pip`` and ``python`` are those of a new environment; it finds the requirements in this one, but
not our packages. Users cannot be created without root, so the programs for that do nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PATHS = re.compile(r"(?<![\w./:])/(src|wheels|data|app)\b")
NOTHING = "#!/bin/sh\n"


@dataclass
class Image:
    """What the steps built."""

    root: Path
    context: Path
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    user: str = "root"

    def inside(self, text: str) -> str:
        """Move the absolute paths in a text into the directory."""
        return PATHS.sub(rf"{self.root}/\1", text)

    def run(self, command: list[str], **values: str) -> subprocess.Popen[str]:
        """Start a command in the environment of the image."""
        moved = [self.inside(word) for word in command]
        return subprocess.Popen(moved, cwd=self.root, env={**self.environment, **values}, text=True)


def build(dockerfile: Path, context: Path, root: Path) -> Image:
    """Execute every step of a Dockerfile; raises if one fails."""
    image = Image(root, context, create_environment(root))
    folder = root
    for name, value in steps(dockerfile.read_text()):
        if name == "WORKDIR":
            folder = Path(image.inside(value))
            folder.mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            copy(image, folder, value)
        elif name == "RUN":
            command = ["sh", "-ec", image.inside(value)]
            subprocess.run(command, cwd=folder, env=image.environment, check=True)
        else:
            note(image, name, value)
    return image


def note(image: Image, name: str, value: str) -> None:
    """Keep what a step declares for running the image."""
    if name == "ENV":
        pairs = (pair.split("=", 1) for pair in image.inside(value).split())
        image.environment |= dict(pairs)
    elif name == "ENTRYPOINT":
        image.entrypoint = json.loads(value)
    elif name == "HEALTHCHECK":
        image.healthcheck = json.loads(value.partition("CMD")[2])
    elif name == "USER":
        image.user = value


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield the instructions of all stages, with their continuation lines."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, value = line.strip().partition(" ")
        if name:
            yield name, value.strip()


def copy(image: Image, folder: Path, value: str) -> None:
    """Copy files of the context, as git tracks them; those of a stage are there already."""
    if "--from=" in value:
        return
    source, target = value.split()
    command = ["git", "ls-files", "-z", source]
    names = subprocess.run(command, cwd=image.context, capture_output=True, text=True, check=True)
    for name in filter(None, names.stdout.split("\0")):
        place = folder / image.inside(target) / Path(name).relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(image.context / name, place)


def create_environment(root: Path) -> dict[str, str]:
    """Create the Python environment and the programs that do nothing."""
    folder, programs, packages = root / "venv", root / "bin", root / "packages"
    venv.create(folder, with_pip=True)
    for place in (programs, packages):
        place.mkdir()
    for name in ("useradd", "install"):
        (programs / name).write_text(NOTHING)
        (programs / name).chmod(0o755)
    (root / "data").mkdir()
    for found in Path(sysconfig.get_path("purelib")).iterdir():
        if "llmaas" not in found.name and found.suffix != ".pth" and found.name != "pip":
            (packages / found.name).symlink_to(found)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "lib" / version / "site-packages/requirements.pth").write_text(str(packages))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLMAAS_")}
    path = os.pathsep.join([str(programs), str(folder / "bin"), os.environ["PATH"]])
    # No index is asked: the requirements are installed, and hatchling, which builds the packages.
    return {**kept, "PATH": path, "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
