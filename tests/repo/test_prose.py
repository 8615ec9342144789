"""README, CONTRIBUTING and CHANGELOG: links lead somewhere, commands are the ones that CI runs."""

import re

import pytest

from tests.helpers.repository import PACKAGES, ROOT, tracked_files
from tools import cassette_table, readme_contract, readme_packages

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
PROSE = [path for path in tracked_files() if path.suffix == ".md"]
TEST_COMMAND = "./run pytest"
DEMO_COMMAND = "./run llmaas demo"
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
SUBJECTS = {*(package.name for package in PACKAGES), "house", "cookbooks"}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path):
    broken = [link for link in LINK.findall(path.read_text()) if not (path.parent / link).exists()]
    assert not broken


def test_the_readme_gives_the_two_commands_first():
    beginning = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert DEMO_COMMAND in beginning
    assert TEST_COMMAND in beginning


def test_the_front_page_shows_every_room_as_it_introduces_itself():
    assert readme_packages.README.read_text() == readme_packages.rendered(), "run `nox -s readme`"


@pytest.mark.parametrize("path", readme_contract.pages(), ids=lambda path: path.parent.name)
def test_each_page_tells_what_the_contract_shows(path):
    assert path.read_text() == readme_contract.pages()[path], "run `nox -s readme`"


def test_the_table_of_cassettes_is_that_of_the_files():
    command = "python -m tools.cassette_table"
    assert cassette_table.rendered() in (ROOT / "tests/README.md").read_text(), f"run `{command}`"


def test_ci_runs_the_command_of_the_readme():
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text().splitlines()


def changelog():
    return (ROOT / "CHANGELOG.md").read_text()


def test_changelog_keeps_the_known_sections():
    assert set(re.findall(r"^### (.+)$", changelog(), re.MULTILINE)) <= SECTIONS


def test_changelog_releases_are_dated_and_fall():
    heads = re.findall(r"^## (.+)$", changelog(), re.MULTILINE)
    form = r"\[Unreleased\]|\[\d+\.\d+\.\d+\] - (\d{4}-\d{2}-\d{2}|unpublished)"
    assert all(re.fullmatch(form, head) for head in heads), heads
    dates = [head.rpartition(" ")[2] for head in heads if head[-1].isdigit()]
    assert dates == sorted(dates, reverse=True)


def test_changelog_entries_start_with_their_room():
    entries = re.findall(r"^- (.+)$", changelog(), re.MULTILINE)
    assert entries
    nameless = [
        entry
        for entry in entries
        if not (match := re.match(r"\*\*([\w-]+)\*\*: ", entry)) or match[1] not in SUBJECTS
    ]
    assert not nameless
