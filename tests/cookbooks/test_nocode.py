"""The pages of the no-code platforms: their drawings, what they promise, and what they cost."""

import importlib.util
import json
import re
from xml.etree import ElementTree

import pytest

from llmaas import pricing
from tests.helpers.repository import ROOT

FOLDER = ROOT / "cookbooks"
PICTURES = json.loads((FOLDER / "nocode" / "drawings.json").read_text())
PAGES = {name: (FOLDER / name / "README.md").read_text() for name in ("zapier", "make", "bubble")}
SHOWN = re.compile(r"!\[([^\]]+)\]\((drawings/[^)]+)\)")

each_page = pytest.mark.parametrize("platform", PAGES)


def drawn():
    spec = importlib.util.spec_from_file_location("nocode_draw", FOLDER / "nocode" / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.copies()


@pytest.mark.parametrize(
    ("path", "text"), drawn().items(), ids=lambda value: getattr(value, "name", "")
)
def test_a_drawing_is_what_its_description_says(path, text):
    assert path.read_text() == text, "run cookbooks/nocode/draw.py"
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("https://api.", "")
    ElementTree.fromstring(text)


@each_page
def test_a_page_shows_its_drawings_and_says_in_words_what_they_show(platform):
    shown = {f"{platform}/{path}": alt for alt, path in SHOWN.findall(PAGES[platform])}
    own = {name: one["alt"] for name, one in PICTURES.items() if name.startswith(f"{platform}/")}
    assert shown == own


def notes(picture):
    rows = [row for window in picture.get("windows", []) for row in window["rows"]]
    return [row["note"] for row in rows if "note" in row]


@pytest.mark.parametrize("name", [name for name, one in PICTURES.items() if notes(one)])
def test_each_number_of_a_drawing_is_explained_below_it(name):
    platform, _, picture = name.partition("/")
    after = PAGES[platform].split(f"({picture})")[1]
    steps = re.match(r"\s*((?:\d\. .+\n(?: .+\n)*)*)", after)[1]
    told = [int(number) for number in re.findall(r"^(\d)\. ", steps, re.MULTILINE)]
    assert told == notes(PICTURES[name])


@each_page
def test_a_page_says_what_was_not_verified(platform):
    assert re.search(r"Nobody here had a\s+(> )?\w+\s+(> )?account", PAGES[platform])
    assert "sandbox](../../packages/sandbox)" in PAGES[platform]


def test_prices_are_those_of_the_newest_tariff():
    newest = pricing.TARIFFS[-1]
    page = PAGES["zapier"]
    assert f"{newest.prompt / 1000:.2f} EUR per million tokens read" in page
    assert f"{newest.completion / 1000:g} EUR per million written or thought" in page
    assert newest.completion == newest.reasoning
    assert f"{newest.audio_minute / 1e6:g} EUR per started minute" in page
    day = f"{newest.since.day} {newest.since:%B %Y}"
    assert all(day in text for text in PAGES.values())


def labels():
    make = json.loads((FOLDER / "make/app/makecomapp.json").read_text())["components"]["module"]
    bubble = json.loads((FOLDER / "bubble/plugin/plugin.json").read_text())["actions"]
    yield from (("make", module["label"]) for module in make.values())
    yield from (("bubble", action["caption"].partition(" - ")[2]) for action in bubble)
    for path in sorted((FOLDER / "zapier").glob("[cs]*es/*.js")):
        yield "zapier", re.search(r"label: '([^']+)'", path.read_text())[1]


@pytest.mark.parametrize(("platform", "label"), list(labels()))
def test_each_step_is_in_the_table_of_its_page(platform, label):
    assert f"| {label} |" in PAGES[platform]
