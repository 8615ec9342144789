"""One version for all packages, and one range of the core."""

import importlib
import re

import pytest
from packaging.requirements import Requirement

from tests.helpers.repository import PACKAGES, ROOT

VERSIONS = {package.name: package.project["version"] for package in PACKAGES}
OURS = {package.project["name"] for package in PACKAGES}


def test_packages_have_one_version():
    assert len(set(VERSIONS.values())) == 1, VERSIONS


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_version_matches_the_distribution(package):
    modules = [importlib.import_module(name) for name in package.import_names]
    told = {module.__version__ for module in modules if hasattr(module, "__version__")}
    assert told == {package.project["version"]}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_packages_require_each_other_up_to_the_next_minor_version(package):
    major, minor, _ = map(int, package.project["version"].split("."))
    for requirement in map(Requirement, package.project["dependencies"]):
        if requirement.name in OURS:
            wanted = {f">={major}.{minor}", f"<{major}.{minor + 1}"}
            assert {str(part) for part in requirement.specifier} == wanted


def test_changelog_has_the_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[(\d[^\]]*)\]", text, re.MULTILINE)
    assert newest
    assert newest[1] in VERSIONS.values()
