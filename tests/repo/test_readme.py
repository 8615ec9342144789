"""Front pages (README in three languages) and the packages' pages: commands, models, pictures."""

import re

import pytest

from llmaas import catalog
from tests.helpers.repository import PACKAGES, ROOT
from tools import badges, readme_links, readme_stock
from tools.readme_contract import read_contract

FRONT_PAGES = [ROOT / name for name in ("README.md", "README.fr.md", "README.es.md")]
COMMANDS = ["./run llmaas demo", "./run pytest"]
MODEL_ROW = re.compile(r"^\|[^|]+\| `(?P<model>[^`]+)` \|(?P<why>[^|]+)\|$", re.MULTILINE)
LARGEST_PICTURE = 60_000  # bytes


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", FRONT_PAGES, ids=name_of)
def test_first_block_has_the_two_commands(page):
    block = re.search(r"```bash\n(.*?)```", page.read_text(), re.DOTALL)[1]
    assert [line.partition("#")[0].strip() for line in block.splitlines()] == COMMANDS


@pytest.mark.parametrize("page", FRONT_PAGES, ids=name_of)
def test_front_page_links_to_the_other_languages(page):
    text = page.read_text()
    assert all(f"({other.name})" in text for other in FRONT_PAGES if other != page)


@pytest.mark.parametrize("page", FRONT_PAGES, ids=name_of)
def test_recommended_models_are_live_and_have_the_stated_support(page):
    rows = MODEL_ROW.findall(page.read_text())
    assert len(rows) == 5
    for name, why in rows:
        model = catalog.get(name)
        assert model.live
        dates = re.findall(r"\d{4}-\d{2}-\d{2}", why)
        assert dates == ([str(model.end_of_support)] if model.lts else [])
        assert model.vision or "vision" not in why.replace("visión", "vision")


def test_front_pages_recommend_the_same_models():
    english, *others = ([row[0] for row in MODEL_ROW.findall(p.read_text())] for p in FRONT_PAGES)
    assert all(other == english for other in others)


def test_stock_table_matches_contract_and_benchmark():
    assert readme_stock.README.read_text() == readme_stock.render(), "run `nox -s readme`"


@pytest.mark.parametrize(
    "claim", ["cost in EUR", "has the partial answer", "names available models"]
)
def test_no_stock_class_has_what_the_front_page_says(claim):
    [row] = [row for row in read_contract() if row[""].endswith(claim)]
    stock = {column: cell for column, cell in row.items() if re.match("stock |openai SDK", column)}
    assert stock
    assert set(stock.values()) == {"no"}


@pytest.mark.parametrize(
    ("path", "text"), [*badges.files()], ids=lambda value: getattr(value, "name", "")
)
def test_badge_matches_the_repository(path, text):
    assert path.read_text() == text, "run `nox -s readme`"


@pytest.mark.parametrize("picture", sorted((ROOT / "docs/pictures").glob("*.svg")), ids=name_of)
def test_picture_is_small_and_loads_nothing(picture):
    text = picture.read_text()
    assert len(text) < LARGEST_PICTURE
    assert not re.search(r"url\((?!#)|@import|<script|<image|href=", text)


@pytest.mark.parametrize("page", readme_links.pages(), ids=name_of)
def test_package_page_has_absolute_links_to_existing_files(page):
    assert page.read_text() == readme_links.render(page), "run `nox -s readme`"
    assert [path for path in readme_links.linked_files(page) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_package_page_shows_how_to_install_before_the_first_snippet(package):
    before, _, _ = (package.path / "README.md").read_text().partition("```")
    assert f"`pip install {package.project['name']}`" in before
    extras = set(re.findall(r"\[(\w+)\]['\"]?`", before))
    assert extras <= {*package.project.get("optional-dependencies", {})}
