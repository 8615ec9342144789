"""Exchanges with an engine are recorded, and answer without it."""

import json
from pathlib import Path
from typing import Any

import pytest

from llmaas import LLMaaS, NotFoundError
from llmaas_sandbox import Sandbox
from llmaas_sandbox.cli.options import build_parser
from llmaas_sandbox.config import Config

QUESTION = 'Say "Bonjour"'
MODEL = "gemma4:31b"


def client(box: Sandbox) -> LLMaaS:
    return LLMaaS(base_url=box.base_url, api_key=box.api_key, max_retries=0)


def ask(box: Sandbox, question: str = QUESTION, *, streamed: bool = False) -> str:
    with client(box) as asking:
        if not streamed:
            return asking.chat(question, model=MODEL).text or ""
        with asking.stream(question, model=MODEL) as stream:
            list(stream)
        return stream.completion.text or ""


def recording(folder: Path, engine: Any, **settings: Any) -> Sandbox:
    return Sandbox(upstream=engine.base_url, upstream_key=engine.api_key, record=folder, **settings)


@pytest.mark.parametrize("streamed", [False, True])
def test_replay_answers_as_recorded_when_the_engine_is_gone(
    llmaas_sandbox: Any, tmp_path: Path, streamed: bool
) -> None:
    llmaas_sandbox.script([{"content": "first"}, {"content": "second"}])
    with recording(tmp_path, llmaas_sandbox) as box:
        recorded = [ask(box, streamed=streamed) for _ in range(2)]
    with Sandbox(replay=tmp_path) as box:
        replayed = [ask(box, streamed=streamed) for _ in range(3)]
    assert recorded == ["first", "second"]
    assert replayed == ["first", "second", "second"]
    assert len(llmaas_sandbox.requests) == 2


def test_replay_refuses_when_nothing_was_recorded(tmp_path: Path) -> None:
    with Sandbox(replay=tmp_path) as box, pytest.raises(NotFoundError, match="No recording"):
        ask(box)


def test_replay_falls_back_to_the_sandbox_when_told_so(tmp_path: Path) -> None:
    with Sandbox(replay=tmp_path, replay_fallback=True) as box:
        assert ask(box) == "Bonjour"


def test_replay_falls_back_to_the_engine_and_keeps_its_answer_when_it_records(
    llmaas_sandbox: Any, tmp_path: Path
) -> None:
    with recording(tmp_path, llmaas_sandbox, replay=tmp_path, replay_fallback=True) as box:
        assert [ask(box), ask(box)] == ["Bonjour", "Bonjour"]
    assert len(llmaas_sandbox.requests) == 1


def test_replay_passes_errors_of_the_engine_on(llmaas_sandbox: Any, tmp_path: Path) -> None:
    llmaas_sandbox.script([{"status": 404, "json": {"error": {"message": "gone"}}}])
    with recording(tmp_path, llmaas_sandbox) as box, pytest.raises(NotFoundError, match="gone"):
        ask(box)
    with Sandbox(replay=tmp_path) as box, pytest.raises(NotFoundError, match="gone"):
        ask(box)


@pytest.mark.parametrize("streamed", [False, True])
def test_record_keeps_no_secret_when_the_engine_echoes_one(
    llmaas_sandbox: Any, tmp_path: Path, streamed: bool
) -> None:
    secret = f"key {llmaas_sandbox.api_key}, mine sk-mine"
    llmaas_sandbox.script([{"content": secret}])
    with recording(tmp_path, llmaas_sandbox, api_keys=("sk-mine",)) as box:
        assert ask(box, f"What is {secret}?", streamed=streamed) == secret
    (file,) = tmp_path.iterdir()
    kept = file.read_text()
    assert "***" in kept
    assert llmaas_sandbox.api_key not in kept
    assert "sk-mine" not in kept
    assert set(json.loads(kept)["request"]) == {"method", "path", "query", "json"}


def test_record_replaces_what_an_earlier_run_recorded(llmaas_sandbox: Any, tmp_path: Path) -> None:
    for said in ("old", "new"):
        llmaas_sandbox.script([{"content": said}])
        with recording(tmp_path, llmaas_sandbox) as box:
            ask(box)
    with Sandbox(replay=tmp_path) as box:
        assert ask(box) == "new"


def test_record_is_refused_when_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="upstream"):
        Config(record=tmp_path)


def test_options_have_help_each() -> None:
    assert [action.dest for action in build_parser()._actions if not action.help] == []
