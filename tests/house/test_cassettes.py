"""Each cassette is small, canonical, signed, and holds no header beyond the allowed ones."""

import pytest
import yaml

from cassettes import KEPT_HEADERS, SERVICE, canonical_text
from rooms import HOME, ROOMS

LARGEST = 64 * 1024
FOLDER = HOME / "tests" / "cassettes"
CASSETTES = sorted(FOLDER.rglob("*.*"))
SIGNATURE = r"sandbox|service \d{4}-\d{2}-\d{2}"

each_cassette = pytest.mark.parametrize(
    "path", CASSETTES, ids=lambda path: "/".join(path.relative_to(FOLDER).parts)
)


@each_cassette
def test_size(path):
    assert path.stat().st_size <= LARGEST


@each_cassette
def test_canonical_form(path):
    text = path.read_text()
    assert text == canonical_text(yaml.safe_load(text)), "record it again, do not edit it"


@each_cassette
def test_provenance(path):
    import re

    assert re.fullmatch(SIGNATURE, yaml.safe_load(path.read_text())["recorded"])


@each_cassette
def test_nothing_of_the_recording_machine_is_kept(path):
    for exchange in yaml.safe_load(path.read_text())["exchanges"]:
        assert set(exchange["request"]) <= {"method", "uri", "json", "text", "base64"}
        assert exchange["request"]["uri"].startswith(SERVICE)
        assert set(exchange["response"]["headers"]) <= KEPT_HEADERS


@each_cassette
def test_it_lies_in_the_folder_of_its_room_or_cookbook(path):
    folder = path.relative_to(FOLDER).parts[0]
    assert path.suffix == ".yaml"
    assert folder in {*(room.name for room in ROOMS), "cookbooks"}
