"""requirements.lock is portable and covers what every room asks for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rooms import HOME, ROOMS

TEXT = (HOME / "requirements.lock").read_text()
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[\w.!+]+)(?P<rest>[^\n]*)$", re.MULTILINE)
PINS = {canonicalize_name(pin["name"]): pin["version"] for pin in PIN.finditer(TEXT)}
OURS = {room.project["name"] for room in ROOMS}


def test_every_line_is_a_pin_a_hash_or_a_comment():
    line = r"[\w.-]+==[\w.!+]+( ; [^@]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|#.*|"
    strangers = [text for text in TEXT.splitlines() if not re.fullmatch(line, text)]
    assert not strangers


def test_no_address_of_any_kind():
    assert "://" not in TEXT
    assert "--index" not in TEXT
    assert "--find-links" not in TEXT


def groups():
    tables = [HOME / "pyproject.toml", *(room.path / "pyproject.toml" for room in ROOMS)]
    for table in tables:
        for group in tomllib.loads(table.read_text()).get("dependency-groups", {}).values():
            yield from (entry for entry in group if isinstance(entry, str))


def asked():
    for room in ROOMS:
        yield from room.project.get("dependencies", [])
        for name, extra in room.project.get("optional-dependencies", {}).items():
            if name not in room.unlocked_extras:
                yield from extra
    yield from groups()


@pytest.mark.parametrize("text", sorted(set(asked())))
def test_the_lock_satisfies(text):
    requirement = Requirement(text)
    name = canonicalize_name(requirement.name)
    if name in OURS:
        return
    assert name in PINS, "run `nox -s lock`"
    assert requirement.specifier.contains(PINS[name], prereleases=True), "run `nox -s lock`"
