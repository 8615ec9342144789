"""Small load test: fifty streams and eight threads for a few seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SMALL = "--streams 50 --seconds 3 --threads 8 --thread-seconds 1 --pace 25 --faults 0.2"


def test_a_small_load_leaves_no_answer_wrong_and_nothing_behind():
    command = [sys.executable, str(HERE), *SMALL.split(), "--no-silence", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    awaited, threaded = json.loads(done.stdout)
    assert awaited["streams"] >= 50
    assert awaited["struck"] > 0
    assert awaited["right"] > awaited["streams"] / 2
    assert threaded["streams"] >= 8
    for run in (awaited, threaded):
        assert run["wrong"] == 0
        assert run["right"] + sum(run["errors"].values()) == run["streams"]
        assert not any(run["left"].values())


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    import fault_schedule
    import results
    import workload

    return workload, fault_schedule, results


def test_the_judges_notice_what_is_short_or_unexplained(load):
    import llmaas
    from llmaas.types import Choice, Completion, Done, TextDelta, Usage

    workload, fault_schedule, results = load
    said = workload.Said("Oui, bien sûr.", "", (), "stop", 8)

    def heard(text, *pieces):
        hearing = results.Hearing()
        for piece in pieces:
            hearing.take(TextDelta(piece))
        choice = Choice(content=text, finish_reason="stop")
        hearing.take(Done(Completion("1", "m", (choice,), Usage(3, 5, 8))))
        return hearing

    assert results.of_answer(heard(said.text, "Oui, ", "bien sûr."), said) == "right"
    assert results.of_answer(heard("Oui, bien", "Oui, ", "bien"), said) != "right"
    assert results.of_answer(heard(said.text, "Oui, "), said) != "right"
    assert results.of_answer(results.Hearing(), said) != "right"

    cut = llmaas.StreamInterrupted.build("cut", completion=heard("Oui", "Oui").completion)
    may, may_not = fault_schedule.Strike("cut:3", may_fail=True), fault_schedule.NONE
    assert results.of_error(cut, said, may) == "error: StreamInterrupted"
    assert not results.of_error(cut, said, may_not).startswith("error: ")
    assert not results.of_error(KeyError("x"), said, may).startswith("error: ")
