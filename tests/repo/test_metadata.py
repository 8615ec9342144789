"""Metadata of the distributions, as package indexes show it."""

import re

import pytest

from tests.helpers.repository import PACKAGES, ROOT
from tools.release import REPOSITORY

VERSIONS_OF_PYTHON = {"3.11", "3.12", "3.13"}
URLS = {"Homepage", "Documentation", "Changelog", "Issues", "Source", "Service"}

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)


@each_package
def test_metadata_is_shared(package):
    fields = ("authors", "license", "requires-python", "version", "readme")
    first = PACKAGES[0].project
    mine = {field: package.project[field] for field in fields}
    if package.name == "cli":  # it contains documents under other licenses
        assert mine.pop("license").startswith("Apache-2.0 AND ")
    assert mine.items() <= {field: first[field] for field in fields}.items()


@each_package
def test_classifiers_are_sorted_and_known(package):
    classifiers = package.project["classifiers"]
    assert classifiers == sorted(set(classifiers))
    pythons = {c.rpartition(" ")[2] for c in classifiers if re.search(r"Python :: 3\.\d", c)}
    assert pythons == VERSIONS_OF_PYTHON
    assert {"Typing :: Typed", "Intended Audience :: Developers"} <= set(classifiers)
    assert not [c for c in classifiers if c.startswith("License ::")]  # `license` says it
    trove_classifiers = pytest.importorskip("trove_classifiers")
    assert set(classifiers) <= trove_classifiers.classifiers


@each_package
def test_keywords_contain_what_users_search(package):
    keywords = package.project["keywords"]
    assert {"llmaas", "cloud-temple"} <= set(keywords)
    assert len(keywords) == len(set(keywords)) >= 7


@each_package
def test_urls_point_to_existing_files_of_the_repository(package):
    urls = package.project["urls"]
    assert set(urls) == URLS
    for name in URLS - {"Service"}:
        assert urls[name] == REPOSITORY or urls[name].startswith(f"{REPOSITORY}/")
        _, _, path = urls[name].partition("/blob/main/")
        assert (ROOT / path).exists()


@each_package
def test_summary_fits_one_line_of_an_index(package):
    assert 20 < len(package.project["description"]) <= 160
