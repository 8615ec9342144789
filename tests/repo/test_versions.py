"""One version for all rooms, and one interval of the core that they accept."""

import importlib
import re

import pytest
from packaging.requirements import Requirement

from tests.helpers.repository import HOME, ROOMS

VERSIONS = {room.name: room.project["version"] for room in ROOMS}
OURS = {room.project["name"] for room in ROOMS}


def test_all_rooms_have_one_version():
    assert len(set(VERSIONS.values())) == 1, VERSIONS


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_the_code_tells_the_same_version_as_the_distribution(room):
    modules = [importlib.import_module(name) for name in room.import_names]
    told = {module.__version__ for module in modules if hasattr(module, "__version__")}
    assert told == {room.project["version"]}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_rooms_ask_for_each_other_up_to_the_next_minor_version(room):
    major, minor, _ = map(int, room.project["version"].split("."))
    for requirement in map(Requirement, room.project["dependencies"]):
        if requirement.name in OURS:
            wanted = {f">={major}.{minor}", f"<{major}.{minor + 1}"}
            assert {str(part) for part in requirement.specifier} == wanted


def test_the_changelog_has_an_entry_for_the_version():
    text = (HOME / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[(\d[^\]]*)\]", text, re.MULTILINE)
    assert newest
    assert newest[1] in VERSIONS.values()
