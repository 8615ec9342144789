"""llms.txt: format, links, and statements about the catalog."""

import re

import pytest

from llmaas import catalog
from tests.helpers.repository import PACKAGES, ROOT

TEXT = (ROOT / "llms.txt").read_text()
SECTIONS = TEXT.split("\n## ")
LINKS = re.findall(r"\[[^\]]+\]\(([^)]+)\)", TEXT)
LARGEST = 6_000  # characters: an index, not a book


def test_llms_begins_with_title_and_summary():
    assert re.match(r"# .+\n\n> .+\n\n", TEXT)
    assert TEXT.count("\n# ") == 0
    assert "\n### " not in TEXT
    assert len(TEXT) < LARGEST


@pytest.mark.parametrize("section", SECTIONS[1:], ids=lambda section: section.partition("\n")[0])
def test_llms_section_is_a_list_of_links(section):
    _, _, rest = section.partition("\n\n")
    assert rest.strip()
    for line in rest.strip().splitlines():
        assert re.fullmatch(r"- \[[^\]]+\]\([^)]+\): .+", line)


def test_llms_ends_with_the_optional_section():
    assert SECTIONS[-1].startswith("Optional\n")


@pytest.mark.parametrize("link", LINKS)
def test_llms_links_exist(link):
    assert (ROOT / link).is_file()


def test_llms_lists_every_package():
    assert {f"packages/{package.name}/README.md" for package in PACKAGES} <= set(LINKS)


def test_llms_names_models_with_long_term_support():
    line = next(line for line in TEXT.splitlines() if "long-term support" in line)
    named = re.findall(r"`([\w.-]+:\w+)`", line)
    assert named
    assert all(catalog.get(name).lts and catalog.get(name).live for name in named)
