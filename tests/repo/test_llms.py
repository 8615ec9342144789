"""llms.txt is of the accepted form, leads somewhere, and says what is true of the catalog."""

import re

import pytest

from llmaas import catalog
from tests.helpers.repository import PACKAGES, ROOT

TEXT = (ROOT / "llms.txt").read_text()
SECTIONS = TEXT.split("\n## ")
LINKS = re.findall(r"\[[^\]]+\]\(([^)]+)\)", TEXT)
LARGEST = 6_000  # characters: an index, not a book


def test_it_begins_with_a_title_and_a_summary():
    assert re.match(r"# .+\n\n> .+\n\n", TEXT)
    assert TEXT.count("\n# ") == 0
    assert "\n### " not in TEXT
    assert len(TEXT) < LARGEST


@pytest.mark.parametrize("section", SECTIONS[1:], ids=lambda section: section.partition("\n")[0])
def test_a_section_is_a_list_of_links_with_notes(section):
    _, _, rest = section.partition("\n\n")
    assert rest.strip()
    for line in rest.strip().splitlines():
        assert re.fullmatch(r"- \[[^\]]+\]\([^)]+\): .+", line)


def test_what_may_be_left_out_comes_last():
    assert SECTIONS[-1].startswith("Optional\n")


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_to_a_file(link):
    assert (ROOT / link).is_file()


def test_every_room_is_listed():
    assert {f"packages/{package.name}/README.md" for package in PACKAGES} <= set(LINKS)


def test_models_said_to_last_do_last():
    line = next(line for line in TEXT.splitlines() if "long-term support" in line)
    named = re.findall(r"`([\w.-]+:\w+)`", line)
    assert named
    assert all(catalog.get(name).lts and catalog.get(name).live for name in named)
