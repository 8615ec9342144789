"""README, CONTRIBUTING and CHANGELOG: links, commands, generated sections and release notes."""

import re

import pytest

from tests.helpers.repository import PACKAGES, ROOT, tracked_files
from tests.helpers.retired_words import find_retired, public_files
from tools import cassette_table, readme_contract, readme_packages

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
PROSE = [path for path in tracked_files() if path.suffix == ".md"]
TEST_COMMAND = "./run pytest"
DEMO_COMMAND = "./run llmaas demo"
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
SUBJECTS = {*(package.name for package in PACKAGES), "repository", "cookbooks"}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_exist(path):
    broken = [link for link in LINK.findall(path.read_text()) if not (path.parent / link).exists()]
    assert not broken


def test_readme_begins_with_the_two_commands():
    beginning = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert DEMO_COMMAND in beginning
    assert TEST_COMMAND in beginning


def test_readme_lists_every_package():
    assert readme_packages.README.read_text() == readme_packages.render(), "run `nox -s readme`"


@pytest.mark.parametrize("path", readme_contract.render_pages(), ids=lambda path: path.parent.name)
def test_contract_section_matches_the_table(path):
    assert path.read_text() == readme_contract.render_pages()[path], "run `nox -s readme`"


def test_cassette_table_matches_the_files():
    command = "python -m tools.cassette_table"
    assert cassette_table.render() in (ROOT / "tests/README.md").read_text(), f"run `{command}`"


def test_ci_runs_the_test_command_of_the_readme():
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text().splitlines()


def changelog():
    return (ROOT / "CHANGELOG.md").read_text()


def test_changelog_has_known_sections_only():
    assert set(re.findall(r"^### (.+)$", changelog(), re.MULTILINE)) <= SECTIONS


def test_changelog_releases_are_dated_and_sorted():
    heads = re.findall(r"^## (.+)$", changelog(), re.MULTILINE)
    form = r"\[Unreleased\]|\[\d+\.\d+\.\d+\] - (\d{4}-\d{2}-\d{2}|unpublished)"
    assert all(re.fullmatch(form, head) for head in heads), heads
    dates = [head.rpartition(" ")[2] for head in heads if head[-1].isdigit()]
    assert dates == sorted(dates, reverse=True)


def test_changelog_entries_begin_with_a_package():
    entries = re.findall(r"^- (.+)$", changelog(), re.MULTILINE)
    assert entries
    unnamed = [
        entry
        for entry in entries
        if not (match := re.match(r"\*\*([\w-]+)\*\*: ", entry)) or match[1] not in SUBJECTS
    ]
    assert not unnamed


def test_changelog_entries_are_short():
    entries = re.split(r"\n(?=- |\n)", changelog())
    assert not [entry for entry in entries if entry.startswith("- ") and entry.count("\n") > 1]


def test_public_text_uses_no_retired_words():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word!r} in {around!r}"
        for path in public_files()
        for line, word, around in find_retired(path)
    ]
    assert not found, "use the field's terms (CONTRIBUTING.md, Conventions):\n" + "\n".join(found)


def test_retired_words_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("A room of the house.\n\nIt is no list; 3 unless said. `room` is code.\n")
    assert [(line, word) for line, word, _ in find_retired(page)] == [
        (1, "room"),
        (1, "house"),
        (3, "is no"),
        (3, "unless said"),
    ]
