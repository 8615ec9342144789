"""Locks: portable, complete, without addresses."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.helpers.repository import PACKAGES, ROOT

PATHS = (
    *("requirements.lock", "cookbooks/requirements.lock", "tests/openai2.lock"),
    "docs/site/requirements.lock",
)
LOCKS = {path: (ROOT / path).read_text() for path in PATHS}
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[\w.!+]+)(?P<rest>[^\n]*)$", re.MULTILINE)
OURS = {package.project["name"] for package in PACKAGES}


def pins(lock):
    return {canonicalize_name(pin["name"]): pin["version"] for pin in PIN.finditer(LOCKS[lock])}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_pins_hashes_and_comments_only(lock):
    line = r"[\w.-]+==[\w.!+]+( ; [^@]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|#.*|"
    strangers = [text for text in LOCKS[lock].splitlines() if not re.fullmatch(line, text)]
    assert not strangers


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_contains_no_address(lock):
    assert "://" not in LOCKS[lock]
    assert "--index" not in LOCKS[lock]
    assert "--find-links" not in LOCKS[lock]


def groups():
    tables = [ROOT / "pyproject.toml", *(package.path / "pyproject.toml" for package in PACKAGES)]
    for table in tables:
        groups = tomllib.loads(table.read_text()).get("dependency-groups", {})
        for name, group in groups.items():
            if name != "docs":
                yield from (entry for entry in group if isinstance(entry, str))


def asked():
    for package in PACKAGES:
        yield from package.project.get("dependencies", [])
        for name, extra in package.project.get("optional-dependencies", {}).items():
            if name not in package.unlocked_extras:
                yield from extra
    yield from groups()


def wanted_by_apps():
    lines = (ROOT / "cookbooks/requirements.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("text", sorted(set(asked())))
def test_lock_satisfies(text):
    assert satisfied(text, pins("requirements.lock")), "run `nox -s lock`"


@pytest.mark.parametrize("text", wanted_by_apps())
def test_apps_lock_satisfies(text):
    assert satisfied(text, pins("cookbooks/requirements.lock")), "run `nox -s lock`"


def test_docs_lock_satisfies_the_group_docs():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["docs"]
    found = pins("docs/site/requirements.lock")
    assert [text for text in wanted if not satisfied(text, found)] == [], "run `nox -s lock`"


def test_openai2_lock_pins_openai_only():
    [(name, version)] = pins("tests/openai2.lock").items()
    assert name == "openai"
    assert version.startswith("2.")
    assert not pins("requirements.lock")["openai"].startswith("2.")


def satisfied(text, found):
    requirement = Requirement(text)
    name = canonicalize_name(requirement.name)
    return name in OURS or (
        name in found and requirement.specifier.contains(found[name], prereleases=True)
    )
