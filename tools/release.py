"""Release of all packages under one version; `nox -s release` calls it.

``python -m tools.release prepare X.Y.Z`` writes the version and dates the changelog's section.
``python -m tools.release notes X.Y.Z`` prints that section, the notes of the release.
``python -m tools.release tag X.Y.Z`` commits both and creates the tag, from which the workflow of
the forge publishes. `.github/RELEASE.md` describes the whole release.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from tests.helpers.repository import PACKAGES, ROOT

REPOSITORY = "https://github.com/Cloud-Temple/llmaas-python"
"""Address of the public repository, also in ``[project.urls]`` of every package."""

VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
STATED = re.compile(r'^(version|__version__) = "([^"]+)"$', re.MULTILINE)
OURS = re.compile(r"(\"[\w-]*llmaas[\w-]*(?:\[[^]]*\])?)>=\d+\.\d+,<\d+\.\d+")
"""A requirement of one package by another."""
HEAD = re.compile(r"^## \[([^\]]+)\](?: - (\S+))?\n", re.MULTILINE)


class ReleaseError(Exception):
    """A condition of a release that is not met."""


def prepare(version: str, today: date | None = None) -> None:
    """Write a version into every package, and the day into the changelog.

    Raises ``ReleaseError`` and changes nothing if the release is not possible.
    """
    check(version)
    changelog = ROOT / "CHANGELOG.md"
    dated = date_section(changelog.read_text(), version, today or datetime.now(UTC).date())
    changes = {path: set_version(path.read_text(), version) for path in versioned_files()}
    for path, text in {**changes, changelog: dated}.items():
        path.write_text(text)


def check(version: str) -> None:
    """Check that a version may be released from this checkout."""
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"version must be X.Y.Z, got {version!r}.")
    if to_numbers(version) < to_numbers(current_version()):
        raise ReleaseError(f"version must not be lower than {current_version()}, got {version}.")
    if run_git("tag", "--list", f"v{version}"):
        raise ReleaseError(f"the tag v{version} exists already. Choose the next version.")
    if changed := run_git("status", "--porcelain", "--untracked-files=no"):
        raise ReleaseError(f"uncommitted changes: commit or stash them.\n{changed}")


def current_version() -> str:
    """Return the version of the packages."""
    version: str = PACKAGES[0].project["version"]
    return version


def to_numbers(version: str) -> tuple[int, ...]:
    """Convert ``1.2.3`` to ``(1, 2, 3)``."""
    return tuple(map(int, version.split(".")))


def versioned_files() -> Iterator[Path]:
    """Yield each file that states the version."""
    for package in PACKAGES:
        yield package.path / "pyproject.toml"
        yield from (path for path in package.modules if STATED.search(path.read_text()))


def set_version(text: str, version: str) -> str:
    """Replace the version, and the range in which packages require each other."""
    major, minor, _ = to_numbers(version)
    text = STATED.sub(rf'\1 = "{version}"', text)
    expected = rf"\1>={major}.{minor},<{major}.{minor + 1}"
    return OURS.sub(expected, text)


def date_section(changelog: str, version: str, today: date) -> str:
    """Turn the unreleased section of a changelog into that of a version."""
    head = HEAD.search(changelog)
    if head is None or (head[1], head[2]) not in {
        ("Unreleased", None),
        (version, "unpublished"),
    }:
        raise ReleaseError(
            "CHANGELOG.md must begin with a section [Unreleased], "
            f"or [{version}] - unpublished, got {head and head[0].strip()!r}."
        )
    if "\n- " not in section(changelog, head[1]):
        raise ReleaseError("the unreleased section of CHANGELOG.md has no entries.")
    return changelog[: head.start()] + f"## [{version}] - {today}\n" + changelog[head.end() :]


def section(changelog: str, version: str) -> str:
    """Return the text of a section, without its heading."""
    heads = list(HEAD.finditer(changelog))
    for position, head in enumerate(heads):
        if head[1] == version:
            end = heads[position + 1].start() if heads[position + 1 :] else len(changelog)
            return changelog[head.end() : end].strip() + "\n"
    raise ReleaseError(f"CHANGELOG.md has no section [{version}].")


def notes(version: str) -> None:
    """Print the notes of a release, with its changelog's section."""
    print(section((ROOT / "CHANGELOG.md").read_text(), version), end="")


def tag(version: str) -> None:
    """Commit the release and tag it; nothing is pushed."""
    text = section((ROOT / "CHANGELOG.md").read_text(), version)
    run_git("commit", "--quiet", "--all", "--message", f"repository: release {version}")
    whole = f"LLMaaS for Python {version}\n\n{text}"
    run_git("tag", "--annotate", "--cleanup=verbatim", f"v{version}", "--message", whole)
    print(f"Tagged v{version}. Publish it: git push origin main v{version}")


def run_git(*arguments: str) -> str:
    """Run git in the repository; return its output."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise ReleaseError(done.stderr.strip())
    return done.stdout.strip()


COMMANDS: dict[str, Callable[[str], None]] = {"prepare": prepare, "notes": notes, "tag": tag}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[1]](sys.argv[2])
    except ReleaseError as error:
        sys.exit(f"release: {error}")
    except (KeyError, IndexError):
        sys.exit(__doc__)
