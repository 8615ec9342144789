"""Cassettes: small, canonical, signed, used, without machine data."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.helpers.cassettes import scenarios
from tests.helpers.cassettes.engine_recordings import PROVENANCE, load, parse, written
from tests.helpers.cassettes.format import (
    KEPT_HEADERS,
    SERVICE,
    canonical_json,
    canonical_text,
    read,
)
from tests.helpers.repository import PACKAGES, ROOT

LARGEST = 64 * 1024
TESTS = ROOT / "tests"
FOLDER = TESTS / "cassettes"
ENGINES = FOLDER / "engines"
CASSETTES = sorted(path for path in FOLDER.rglob("*.*") if ENGINES not in path.parents)
SIGNATURE = r"sandbox|service \d{4}-\d{2}-\d{2}( at (?!localhost|127\.|\[?::1)\S+)?"
SECRETS = r"Bearer |\bsk-|cookie|127\.0\.0\.1|localhost"
CHATTING = sorted(path.parent.name for path in TESTS.glob("*/contract_driver.py"))

TAPES = {"/".join(path.relative_to(FOLDER).parts): path for path in CASSETTES}


@pytest.fixture(scope="module")
def documents():
    return {name: read(path) for name, path in TAPES.items()}


def test_cassettes_are_small():
    assert not [name for name, path in TAPES.items() if path.stat().st_size > LARGEST]


def test_cassettes_are_canonical(documents):
    edited = [n for n, document in documents.items() if TAPES[n].read_text() != canonical(document)]
    assert not edited, "record them again, do not edit them"


def canonical(document):
    """Return the text of a cassette whose JSON is sorted, whatever the file's is."""

    def ordered(message):
        return (
            {**message, "json": canonical_json(message["json"])} if "json" in message else message
        )

    exchanges = [{k: ordered(v) for k, v in e.items()} for e in document["exchanges"]]
    return canonical_text({**document, "exchanges": exchanges})


def test_cassettes_name_their_source(documents):
    wrong = [n for n, tape in documents.items() if not re.fullmatch(SIGNATURE, tape["recorded"])]
    assert not wrong
    provoked = [tape["recorded"] for tape in documents.values() if "provoked" in tape]
    assert set(provoked) == {"sandbox"}


@pytest.mark.parametrize("claim", ["service", "service 2026-11-25 at 127.0.0.1", "the sandbox"])
def test_cassette_source_is_rejected_when_false(claim):
    assert not re.fullmatch(SIGNATURE, claim)


def test_cassettes_contain_no_machine_data(documents):
    for name, document in documents.items():
        for exchange in document["exchanges"]:
            assert set(exchange["request"]) <= {"method", "uri", "json", "text", "base64"}, name
            assert exchange["request"]["uri"].startswith(SERVICE), name
            assert set(exchange["response"]["headers"]) <= KEPT_HEADERS, name
        assert not re.search(SECRETS, TAPES[name].read_text()), name


def test_cassettes_are_in_the_folder_of_a_package_or_cookbook():
    folders = {*(package.name for package in PACKAGES), "cookbooks"}
    assert {name.partition("/")[0] for name in TAPES} <= folders
    assert {path.suffix for path in CASSETTES} == {".yaml"}


def test_cassettes_are_all_used():
    assert not [name for name in TAPES if not is_asked_for(*name.split("/"))], "delete them"


def is_asked_for(package, *suite):
    *suite, file = suite
    wanted = suite[0] if suite else f'"{Path(file).stem.removesuffix("-stream")}"'
    return wanted in sources(package)


@cache
def sources(package):
    return "".join(source.read_text() for source in (TESTS / package).rglob("test_*.py"))


@pytest.mark.parametrize("package", CHATTING)
def test_chat_packages_have_every_scenario(package):
    wanted = {f"{name}{how}.yaml" for name in scenarios.OF_CHAT for how in ("", "-stream")}
    assert not wanted - {path.name for path in (FOLDER / package).glob("*.yaml")}


@pytest.mark.parametrize("recording", load(), ids=lambda each: each.name)
def test_engine_recordings_are_canonical_signed_and_without_secrets(recording):
    path = ENGINES / f"{recording.name}.http"
    assert PROVENANCE.fullmatch(recording.provenance)
    assert path.stat().st_size < LARGEST
    assert written(parse(path)) == path.read_bytes()
    assert not re.search(SECRETS, path.read_bytes().decode("utf-8", "replace"))
