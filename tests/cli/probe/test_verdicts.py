"""Every probe gives each of its verdicts, by answers over real sockets."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace

import pytest

from llmaas import LLMaaS
from llmaas.raw import RawRequest, RawResponse
from llmaas.types import LiveModel
from llmaas_cli.probe.exchange import Exchange
from llmaas_cli.probe.facts.reading import Facts
from llmaas_cli.probe.model import Subject
from llmaas_cli.probe.rules import decide
from llmaas_cli.probe.selection import Models
from llmaas_cli.probe.sender import Sender
from llmaas_cli.probe.table.all import BY_ID, PROBES
from tests.cli.probe.answers import ANY, EXAMPLES, OPEN, Example
from tests.helpers.isolation import secret_leaks
from tests.helpers.servers.answering import answering

ELSEWHERE = {
    "list-time": {"seconds"},  # a test of its own: nobody waits 30 seconds
    "tls": {"tls", "ok"},
}
"""Rules that other tests show, by a fact of theirs."""
DECIDED_BY_ANY = {
    "no answer": {"list-time"},
    "server error": {"broken-json", "transcribe-bad-file", "audio-part", "window-prompt"},
    "busy": {"retry-after-busy", "transcribe-bad-file", "broken-json"},
    "forbidden": {"list-no-key", "unknown-model", "batch-unknown", "wrong-key"},
    "missing": {
        *("alias", "model-retrieve", "unknown-model", "unknown-model-code", "unknown-path"),
        *("wrong-key-chat", "responses-api", "rerank-v2", "batch", "batch-unknown", "batch-files"),
        "batch-results",
    },
}
"""Probes that such an answer may decide."""


@pytest.fixture(scope="module")
def service():
    """A service that gives the queued answers, and a client of it."""
    queue = deque()
    with answering(lambda asked: queue.popleft()) as url:
        client = LLMaaS(base_url=url, api_key=secret_leaks.KEY, max_retries=0, timeout=5)
        yield SimpleNamespace(queue=queue, client=client)


def models(name):
    """Models of one name, which the list knows."""
    entry = LiveModel(id=name, root=None, aliases=("another",), context_tokens=1024, owned_by=None)
    return Models({}, {name: entry})


def decided(service, probe, example):
    """Run a probe against answers; return its facts and the rule that decides."""
    service.queue.clear()
    service.queue.extend(example.answers)
    name = "" if probe.subject is Subject.NONE else example.model or OPEN
    values = models(name).values(name)
    sender = Sender(service.client, 10, timeout=5, sleep=lambda seconds: None)
    exchanges = sender.send(probe.calls, values)
    facts = Facts(exchanges, name, {**values, "refusals": sender.refusals})
    return decide(probe, facts), facts


@pytest.mark.parametrize("name", BY_ID)
def test_probe_gives_the_verdict_of_each_answer(service, name):
    probe, fired = BY_ID[name], []
    for number, example in enumerate(EXAMPLES[name]):
        rule, facts = decided(service, probe, example)
        assert rule.verdict == example.verdict, (number, rule, facts.evidence(rule.when))
        fired.append(rule)
    missing = [r for r in probe.rules if r not in fired]
    assert all(ELSEWHERE.get(name, set()) & r.when.keys() or "failure" in r.when for r in missing)


@pytest.mark.parametrize("name", BY_ID)
def test_probe_is_not_decided_by_an_answer_that_says_nothing(service, name):
    wrong = {}
    for kind, answer in ANY.items():
        if name in DECIDED_BY_ANY.get(kind, ()):
            continue
        rule, _ = decided(service, BY_ID[name], Example("", (answer,) * 9))
        if rule.verdict != ("not supported" if kind == "missing" else "unclear"):
            wrong[kind] = rule
    assert not wrong


def test_slow_list_contradicts_the_deadline():
    answer = RawResponse(200, {}, b"{}", seconds=42.0)
    rule = decide(BY_ID["list-time"], Facts([Exchange(RawRequest("/"), answer)], "", {}))
    assert (rule.verdict, "{seconds}" in rule.follows) == ("contradicted", True)


def test_list_without_an_answer_contradicts_the_deadline():
    answer = RawResponse(failure="deadline")
    rule = decide(BY_ID["list-time"], Facts([Exchange(RawRequest("/"), answer)], "", {}))
    assert rule.verdict == "contradicted"


@pytest.mark.parametrize(("version", "verdict"), [("TLSv1.3", "confirmed"),
                                                  ("TLSv1.2", "contradicted")])  # fmt: skip
def test_tls_probe_reads_the_version_of_the_connection(version, verdict):
    answer = RawResponse(200, {}, b"{}", tls_version=version)
    rule = decide(BY_ID["tls"], Facts([Exchange(RawRequest("/"), answer)], "", {}))
    assert rule.verdict == verdict


def test_every_probe_has_examples_of_all_its_verdicts():
    assert set(EXAMPLES) == set(BY_ID)
    assert len(PROBES) == len(BY_ID)
