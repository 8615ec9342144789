"""docs/families.md is up to date."""

from tools.family_table import PAGE, page


def test_families_page_matches_the_data():
    assert PAGE.read_text("utf-8") == page(), "run `nox -s reports`"
