"""Each cassette is small, canonical, signed, asked for, and holds nothing but what was said."""

import re

import pytest

import scenarios
from cassettes import KEPT_HEADERS, SERVICE, canonical_json, canonical_text, read
from rooms import HOME, ROOMS

LARGEST = 64 * 1024
TESTS = HOME / "tests"
FOLDER = TESTS / "cassettes"
CASSETTES = sorted(FOLDER.rglob("*.*"))
SIGNATURE = r"sandbox|service \d{4}-\d{2}-\d{2}( at (?!localhost|127\.|\[?::1)\S+)?"
SECRETS = r"Bearer |\bsk-|cookie|127\.0\.0\.1|localhost"
CHATTING = sorted(path.parent.name for path in TESTS.glob("*/contract_driver.py"))

each_cassette = pytest.mark.parametrize(
    "path", CASSETTES, ids=lambda path: "/".join(path.relative_to(FOLDER).parts)
)


@each_cassette
def test_size(path):
    assert path.stat().st_size <= LARGEST


@each_cassette
def test_canonical_form(path):
    document = read(path)
    assert path.read_text() == canonical_text(document), "record it again, do not edit it"
    for exchange in document["exchanges"]:
        for message in exchange.values():
            json = message.get("json")
            assert repr(json) == repr(canonical_json(json))


@each_cassette
def test_provenance(path):
    document = read(path)
    assert re.fullmatch(SIGNATURE, document["recorded"])
    assert "provoked" not in document or document["recorded"] == "sandbox"


@pytest.mark.parametrize("claim", ["service", "service 2026-11-25 at 127.0.0.1", "the sandbox"])
def test_a_false_provenance_is_refused(claim):
    assert not re.fullmatch(SIGNATURE, claim)


@each_cassette
def test_nothing_of_the_recording_machine_is_kept(path):
    for exchange in read(path)["exchanges"]:
        assert set(exchange["request"]) <= {"method", "uri", "json", "text", "base64"}
        assert exchange["request"]["uri"].startswith(SERVICE)
        assert set(exchange["response"]["headers"]) <= KEPT_HEADERS
    assert not re.search(SECRETS, path.read_text())


@each_cassette
def test_it_lies_in_the_folder_of_its_room_or_cookbook(path):
    folder = path.relative_to(FOLDER).parts[0]
    assert path.suffix == ".yaml"
    assert folder in {*(room.name for room in ROOMS), "cookbooks"}


@each_cassette
def test_some_test_asks_for_it(path):
    room, *suite, _ = path.relative_to(FOLDER).parts
    sources = "".join(source.read_text() for source in (TESTS / room).rglob("test_*.py"))
    wanted = suite[0] if suite else f'"{path.stem.removesuffix("-stream")}"'
    assert wanted in sources, "no test plays it: delete it"


@pytest.mark.parametrize("room", CHATTING)
def test_a_room_that_chats_has_every_scenario_whole_and_streamed(room):
    wanted = {f"{name}{how}.yaml" for name in scenarios.OF_CHAT for how in ("", "-stream")}
    assert not wanted - {path.name for path in (FOLDER / room).glob("*.yaml")}
