"""Recordings and sandbox keep each other honest: asked the same, they answer in one shape."""

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
    """Ask the sandbox, fresh and its clock stopped as for a recording, all that a tape holds."""

    def compared(cassette):
        stopped_sandbox.reset()
        return list(replay(cassette, stopped_sandbox.root_url, stopped_sandbox.api_key))

    return compared


@each_cassette
def test_the_sandbox_answers_in_the_recorded_shape(path, compared):
    """What it recorded itself it says again, so that recording anew leaves the file as it is."""
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
def test_a_doctored_cassette_is_found_out(scenario, doctor, compared):
    doctored = copy.deepcopy(read(FOLDER / "core" / f"{scenario}.yaml"))
    doctor(doctored["exchanges"][0]["response"])
    [(recorded, now)] = compared(doctored)
    assert shape(now) != shape(recorded)


def test_another_word_keeps_the_shape_and_is_found_out_nevertheless(compared):
    doctored = read(FOLDER / "core" / "chat.yaml")
    doctored["exchanges"][0]["response"]["json"]["choices"][0]["message"]["content"] = "hiver"
    [(recorded, now)] = compared(doctored)
    assert shape(now) == shape(recorded)
    assert now != recorded
