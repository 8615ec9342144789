"""The page of model families says what their data says."""

from tools.family_table import PAGE, page


def test_page_of_families_is_current():
    assert PAGE.read_text("utf-8") == page(), "run `nox -s reports`"
