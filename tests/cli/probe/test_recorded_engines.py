"""Probes against exchanges that ``llmaas probe --record`` took from a real vLLM.

Every verdict is that of docs/verified.md, and agrees with the exchanges that were recorded before,
byte by byte (tests/cassettes/engines/vllm-0.32.0).
"""

import json

import pytest

from llmaas import catalog
from llmaas.catalog import Profile
from llmaas_cli.commands import main
from llmaas_cli.probe.verified import load_servers
from tests.helpers.cassettes.engine_recordings import load
from tests.helpers.cassettes.probe_replay import FOLDER, KEY, replaying
from tests.helpers.repository import ROOT

VLLM = "vllm 0.32.0"
RUNS = {
    "chat-qwen": ("tiny-chat-qwen=chat",),
    "chat-mistral": (
        "tiny-chat-mistral=chat",
        *("--only", "conversations", "--only", "tool-named", "--only", "tool-required"),
        *("--only", "tool-ids", "--only", "reasoning-t", "--only", "list-", "--only", "window"),
    ),
    "embed": ("tiny-embed=embedding", "--only", "embeddings", "--only", "list-"),
    "cross": ("tiny-cross=rerank", "--only", "rerank", "--only", "list-"),
}
LARGE = {"embed-many", "rerank-many"}
"""Probes whose exchanges are too large for a cassette."""


@pytest.fixture(autouse=True)
def packaged_catalog():
    catalog.reset()
    yield
    catalog.reset()


@pytest.fixture
def replay(capsys, monkeypatch, tmp_path):
    """Run the probes of a server against its cassettes; return the report and the profile."""
    monkeypatch.setenv("LLMAAS_API_KEY", KEY)

    def run(server):
        saved = tmp_path / "profile.json"
        with replaying(FOLDER / "vllm-0.32.0" / server) as url:
            options = ("--json", "--budget", "5", "--base-url", url, "--save", str(saved))
            with pytest.raises(SystemExit) as ended:
                main(["probe", *options, "--models", *RUNS[server]])
        assert not ended.value.code
        return json.loads(capsys.readouterr().out), Profile.read(saved)

    return run


@pytest.mark.parametrize("server", RUNS)
def test_replayed_verdicts_are_the_packaged_ones(replay, server):
    packaged = load_servers()[VLLM].verdicts
    report, _ = replay(server)
    compared = 0
    for each in report["results"]:
        known = packaged.get(each["probe"], {}).get(each["model"] or "")
        if each["verdict"] is not None and known is not None and each["probe"] not in LARGE:
            assert each["verdict"] == known, each["probe"]
            compared += 1
    assert compared >= 9


@pytest.mark.parametrize("server", RUNS)
def test_replayed_profile_is_part_of_the_saved_one(replay, server):
    saved = Profile.read(ROOT / "tests/profiles/vllm-0.32.0.json").to_dict()
    _, measured = replay(server)
    for model, facts in measured.to_dict()["models"].items():
        stored = saved["models"][model]
        assert facts == {name: stored.get(name, value) for name, value in facts.items()}


ROWS = {
    # probe: an earlier recording of the same request, and the status of both
    "window": ("max-tokens-over-window", 400),
    "window-sum": ("max-tokens-exact-window", 200),
    "late-system": ("second-system", 400),
    "two-systems": ("two-systems-first", 400),
    "system-only": ("system-only", 400),
    "tools-empty": ("tools-empty", 400),
    "tool-choice-alone": ("tool-choice-auto-without-tools", 400),
    "json-schema-name": ("json-no-name", 400),
    "json-bad-schema": ("json-bad-schema", 400),
    "json-schema-name-characters": ("json-name-space", 200),
    "stream-options-alone": ("stream-options-without-stream", 400),
    "stop-many": ("stop-many", 400),
    "top-p-zero": ("top-p-0", 400),
    "unknown-model": ("unknown-model", 404),
    "wrong-key": ("bad-key", 401),
    "unknown-path": ("unknown-path", 404),
    "broken-json": ("bad-json", 400),
    "unknown-parameter": ("unknown-parameter", 200),
    "developer-role": ("developer-role", 200),
    "content-parts": ("content-parts", 200),
    "orphan-result": ("orphan-tool-result", 200),
    "broken-arguments": ("broken-arguments", 200),
    "empty-assistant": ("assistant-no-content", 200),
    "assistant-last": ("assistant-last", 200),
    "alternation": ("two-users", 200),
    "completions-messages": ("completions-messages", 400),
    "completions-prompt": ("completions", 200),
    "responses-api": ("responses", 200),
    "model-retrieve": ("model-one", 404),
    "list-no-key": ("models-no-key", 401),
    "embed-empty": ("embed-empty", 400),
    "embed-empty-list": ("embed-empty-list", 400),
    "embed-tokens": ("embed-tokens", 200),
    "embed-dimensions": ("embed-dims", 200),
    "rerank-empty": ("rerank-empty", 400),
    "rerank-objects": ("rerank-objects", 400),
    "rerank-long": ("rerank-long", 400),
    "rerank-v2": ("rerank-v2-rerank", 200),
}


def test_probes_have_the_statuses_of_earlier_recordings(replay):
    recordings = {each.name.rpartition("/")[2]: each for each in load("vllm-0.32.0")}
    seen = {}
    for server in ("cross", "embed", "chat-qwen"):
        report, _ = replay(server)
        for each in report["results"]:
            if each["verdict"] is not None:
                seen[each["probe"]] = each["evidence"]["status"][-1]
    differing = {
        probe: (seen.get(probe), recordings[name].status)
        for probe, (name, status) in ROWS.items()
        if not seen.get(probe) == recordings[name].status == status
    }
    assert not differing
