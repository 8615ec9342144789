"""Drift between cassettes and sandbox."""

import copy

import pytest

from llmaas_sandbox import Sandbox
from tests.helpers.cassettes.drift import replay, shape
from tests.helpers.cassettes.format import read
from tests.helpers.cassettes.player import FROZEN_AT
from tests.helpers.repository import ROOT

FOLDER = ROOT / "tests" / "cassettes"
CASSETTES = sorted(FOLDER.rglob("*.yaml"))

each_cassette = pytest.mark.parametrize(
    "path", CASSETTES, ids=lambda path: "/".join(path.relative_to(FOLDER).parts)
)


@pytest.fixture(scope="module")
def stopped_sandbox():
    with Sandbox(frozen_at=FROZEN_AT) as box:
        yield box


@pytest.fixture
def compared(stopped_sandbox):
    """Send a cassette's requests to a fresh sandbox whose clock is stopped, as for a recording."""

    def compared(cassette):
        stopped_sandbox.reset()
        return list(replay(cassette, stopped_sandbox.root_url, stopped_sandbox.api_key))

    return compared


@each_cassette
def test_sandbox_answers_as_recorded(path, compared):
    """What it recorded itself it says again, so that a new recording leaves the file unchanged."""
    cassette = read(path)
    for recorded, now in compared(cassette):
        assert shape(now) == shape(recorded)
        if cassette["recorded"] == "sandbox":
            assert now == recorded, "the sandbox has changed: `nox -s record`"


def forget_a_key(response):
    del response["json"]["usage"]["total_tokens"]


def add_a_key(response):
    response["json"]["choices"][0]["message"]["mood"] = "good"


def change_a_type(response):
    response["json"]["created"] = "yesterday"


def change_the_status(response):
    response["status"] = 503


def forget_a_header(response):
    del response["headers"]["x-ratelimit-limit-requests"]


def change_the_kind(response):
    response["headers"]["content-type"] = "text/html"


def forget_the_end(response):
    response["text"] = response["text"].replace("data: [DONE]\n\n", "")


def rename_in_the_stream(response):
    response["text"] = response["text"].replace('"delta"', '"message"', 1)


DOCTORED = [
    ("chat", forget_a_key),
    ("chat", add_a_key),
    ("chat", change_a_type),
    ("chat", change_the_status),
    ("chat", forget_a_header),
    ("chat", change_the_kind),
    ("chat-stream", forget_the_end),
    ("chat-stream", rename_in_the_stream),
]


@pytest.mark.parametrize(("scenario", "doctor"), DOCTORED)
def test_drift_is_found_when_a_cassette_changed(scenario, doctor, compared):
    doctored = copy.deepcopy(read(FOLDER / "core" / f"{scenario}.yaml"))
    doctor(doctored["exchanges"][0]["response"])
    [(recorded, now)] = compared(doctored)
    assert shape(now) != shape(recorded)


def test_drift_is_found_when_only_a_word_changed(compared):
    doctored = read(FOLDER / "core" / "chat.yaml")
    doctored["exchanges"][0]["response"]["json"]["choices"][0]["message"]["content"] = "hiver"
    [(recorded, now)] = compared(doctored)
    assert shape(now) == shape(recorded)
    assert now != recorded
