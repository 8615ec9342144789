"""Bulk runs: paced, resumable, nothing lost, nothing billed twice unknowingly."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from llmaas import LLMaaS, bulk
from llmaas.bulk.checkpoint import Checkpoint, state_path
from llmaas.bulk.concurrency import AdaptiveLimiter
from llmaas.bulk.jsonl import JSONLFile
from llmaas.errors import AuthenticationError, BudgetExceededError, ConfigurationError
from llmaas.quota import Budget, Limit, Quota
from llmaas_sandbox import Sandbox

MODEL = "llama3.3:70b"
RUNNER = """
import json, os, sys
from llmaas import LLMaaS, _error_factory, bulk, errors
from llmaas.bulk import engine_asyncio, engine_batch
from llmaas.transport import aiohttp_transport
for _ in sys.stdin:
    child = os.fork()
    if not child:
        options = json.loads(sys.argv[3])
        bulk.run(sys.argv[1], sys.argv[2], model="llama3.3:70b", client=LLMaaS(), **options)
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Runs one after the other, each in a process of its own, without importing everything anew."""


def prompts(path: Path, count: int) -> Path:
    lines = [json.dumps({"prompt": f'Say "item {n}"', "id": f"i{n}"}) for n in range(count)]
    path.write_text("\n".join(lines) + "\n")
    return path


def results(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()]


def count_requests(sandbox: Any) -> Counter[str]:
    """Return how often each prompt was sent, in whichever way."""
    counts: Counter[str] = Counter()
    for request in sandbox.requests:
        body = request.json or {}
        conversations = (
            body["messages"] if request.path.endswith("/batch") else [body.get("messages")]
        )
        counts.update(turns[-1]["content"] for turns in conversations if turns)
    return counts


def test_run_writes_answers_and_errors_in_order(sandbox: Any, tmp_path: Path) -> None:
    source = prompts(tmp_path / "in.jsonl", 60)
    with source.open("a") as file:
        file.write('not json\n\n"plain"\n[{"role":"user","content":"Say \\"list\\""}]\n')
        file.write('{"custom_id":"o","body":{"messages":[{"role":"user","content":"x"}]}}\n')
        file.write('{"prompt":"x","params":{"temperature":9}}\n')
    seen: list[int] = []
    report = bulk.run(
        source, tmp_path / "out", model=MODEL, ordered=True, progress=lambda t: seen.append(t.done)
    )
    lines = results(tmp_path / "out")
    assert [line["index"] for line in lines] == list(range(65))
    assert [line["text"] for line in lines[:60]] == [f"item {n}" for n in range(60)]
    assert (lines[3]["id"], lines[63]["id"]) == ("i3", "o")
    assert [n for n, line in enumerate(lines) if not line["ok"]] == [60, 64]
    assert lines[64]["error"]["status_code"] == 400
    assert report.complete
    assert (report.progress.total, report.progress.failed) == (65, 2)
    assert report.progress.micro_eur == sum(line["cost_micro_eur"] for line in lines) > 0
    assert seen == sorted(seen)


def test_finished_run_sends_only_new_prompts(sandbox: Any, tmp_path: Path) -> None:
    source, out = prompts(tmp_path / "in", 5), tmp_path / "out"
    first = bulk.run(source, out, model=MODEL)
    prompts(source, 7)  # it may grow
    again = bulk.run(source, out, model=MODEL)
    assert len(sandbox.requests) == 7
    assert (again.progress.before, again.progress.done) == (5, 7)
    assert again.progress.micro_eur > first.progress.micro_eur


def test_failed_items_are_retried_only_with_retry_errors(sandbox: Any, tmp_path: Path) -> None:
    source, out = prompts(tmp_path / "in", 3), tmp_path / "out"
    sandbox.script([{"status": 422, "json": {"detail": "no"}}])
    assert bulk.run(source, out, model=MODEL, concurrency=1).progress.failed == 1
    assert bulk.run(source, out, model=MODEL).progress.failed == 1
    assert bulk.run(source, out, model=MODEL, retry_errors=True, ordered=True).progress.failed == 0
    assert [line["ok"] for line in results(out)] == [True] * 3
    assert len(sandbox.requests) == 4


def test_transient_errors_are_retried_and_counted(sandbox: Any, tmp_path: Path) -> None:
    sandbox.script([{"status": 503, "json": {}}, {"status": 502, "json": {}}])
    report = bulk.run(prompts(tmp_path / "in", 1), tmp_path / "out", model=MODEL)
    assert results(tmp_path / "out")[0]["sent"] == 3
    assert report.resent == 1


def test_rate_limits_throttle_without_failing_items(sandbox: Any, tmp_path: Path) -> None:
    refusal = {"status": 429, "headers": {"retry-after": "0.05"}, "json": {"detail": "slow"}}
    sandbox.script([refusal] * 12)
    report = bulk.run(prompts(tmp_path / "in", 40), tmp_path / "out", model=MODEL, retries=0)
    assert (report.progress.done, report.progress.failed) == (40, 0)


async def test_limiter_halves_once_per_round() -> None:
    limiter = AdaptiveLimiter(8, 64)
    acquired = [await limiter.acquire() for _ in range(8)]
    for moment in acquired:
        await limiter.on_throttle(moment, 0)
    assert limiter.limit == 4
    for _ in range(4):
        await limiter.acquire()
        await limiter.on_success()
    assert 4.8 < limiter.limit < 5


def test_quota_throttles_and_budget_stops_run(sandbox: Any, tmp_path: Path) -> None:
    quota = Quota(limits=[Limit(100, 0.5)], wait=False)
    source = prompts(tmp_path / "in", 12)
    client = LLMaaS(hooks=[quota])
    assert bulk.run(source, tmp_path / "a", model=MODEL, client=client, max_tokens=40).progress.done
    assert all(line["sent"] == 1 for line in results(tmp_path / "a"))
    poor = LLMaaS(hooks=[Budget(0.0005)])
    options: dict[str, Any] = {"client": poor, "max_tokens": 40, "concurrency": 1}
    with pytest.raises(bulk.BulkStoppedError, match="items are finished") as stop:
        bulk.run(source, tmp_path / "b", model=MODEL, **options, system="x" * 400)
    assert isinstance(stop.value.__cause__, BudgetExceededError)
    assert stop.value.report.progress.done < 12
    report = bulk.run(source, tmp_path / "b", model=MODEL, max_tokens=40, system="x" * 400)
    assert (report.progress.done, report.resent) == (12, 0)


def test_run_stops_at_once_when_key_is_wrong(sandbox: Any, tmp_path: Path) -> None:
    with pytest.raises(bulk.BulkStoppedError) as stop:
        bulk.run(
            prompts(tmp_path / "in", 300), tmp_path / "out", model=MODEL, client=LLMaaS(api_key="x")
        )
    assert isinstance(stop.value.__cause__, AuthenticationError)
    assert len(sandbox.requests) <= 32
    assert (tmp_path / "out").read_text() == ""


def test_run_is_refused_when_arguments_differ_from_checkpoint(sandbox: Any, tmp_path: Path) -> None:
    source, out = prompts(tmp_path / "in", 2), tmp_path / "out"
    bulk.run(source, out, model=MODEL)
    for changes in ({"model": "gpt-oss:20b"}, {"temperature": 0.1}, {"engine": "batch"}):
        with pytest.raises(ConfigurationError, match="started with another"):
            bulk.run(source, out, **{"model": MODEL, **changes})
    source.write_text('"other"\n' * 9)
    with pytest.raises(ConfigurationError, match="another input"):
        bulk.run(source, out, model=MODEL)
    (tmp_path / "letter").write_text("Dear")
    with pytest.raises(ConfigurationError, match="has no checkpoint"):
        bulk.run(source, tmp_path / "letter", model=MODEL)


@pytest.mark.parametrize("tail", [b'{"index":7,"o', b'{"index":7,"ok\n', b""])
def test_repair_truncates_incomplete_last_line(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"[1]\n[2]\n" + tail)
    file = JSONLFile(path)
    file.repair()
    file.append("[3]")
    file.close()
    assert path.read_bytes() == b"[1]\n[2]\n[3]\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such lock")
def test_second_run_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    out, stop, written = tmp_path / "out", threading.Event(), [0]
    first = Checkpoint(out, {})

    def write() -> None:
        while not stop.is_set():
            first.mark_sent(written[0])
            written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(100):
            with pytest.raises(ConfigurationError, match="another run"):
                Checkpoint(out, {})
    finally:
        stop.set()
        thread.join()
        first.close()
    assert state_path(out).read_text().count('["sent"') == written[0]


# --- lines of all kinds ---------------------------------------------------------------------


def request_bodies(sandbox: Any) -> list[Any]:
    return [request.json for request in sandbox.requests]


def run_lines(tmp_path: Path, *lines: Any, **options: Any) -> tuple[list[Any], bulk.Report]:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = bulk.run(source, out, model=MODEL, concurrency=1, **options)
    return sorted(results(out), key=lambda line: line["index"]), report


def test_line_overrides_model_and_parameters(sandbox: Any, tmp_path: Path) -> None:
    other = "gemma4:31b"
    body = {"model": other, "messages": [{"role": "user", "content": "a"}], "top_p": 0.5}
    lines, _ = run_lines(
        tmp_path,
        {"custom_id": "x", "method": "POST", "url": "/v1/chat/completions", "body": body},
        {"prompt": "b", "model": other, "temperature": 0.1, "stream": False},
        {"prompt": "c", "params": {"model": other, "seed": 7}},
        {"prompt": "d", "max_tokens": 9},
        "e",
    )
    assert [line.get("error") for line in lines] == [None] * 5
    names = ("model", "top_p", "temperature", "seed")
    sent = [{n: body[n] for n in names if n in body} for body in request_bodies(sandbox)]
    assert sent[:3] == [
        {"model": other, "top_p": 0.5},
        {"model": other, "temperature": 0.1},
        {"model": other, "seed": 7},
    ]
    assert sent[3:] == [{"model": MODEL}] * 2
    assert request_bodies(sandbox)[3]["max_tokens"] == 9


INVALID_LINES = [
    {"prompt": "x", "params": {"stream": True}},
    {"prompt": "x", "stream": True},
    {"prompt": "x", "params": {"messages": []}},
    {"prompt": "x", "params": {"deadline": "soon"}},
    {"prompt": "x", "params": {"timeout": [1]}},
    {"prompt": "x", "params": {"extra_headers": 5}},
    {"prompt": "x", "params": {"extra_body": 5}},
    {"prompt": "x", "params": {"tools": [1], "tool_choice": "required"}},
    {"prompt": "x", "params": {"tools": 5}},
    {"prompt": "x", "params": 5},
    {"prompt": "x", "model": 5},
    {"prompt": "x", "model": "a", "params": {"model": "b"}},
    {"prompt": "x", "model": "no-such-model:1b"},
    {"prompt": "x", "params": {"max_tokens": -5}},
    {"url": "/v1/embeddings", "body": {"messages": [], "input": "x"}},
    {"body": [1]},
    {"prompt": 5},
    5,
    None,
]


def test_invalid_line_becomes_error_of_that_line(sandbox: Any, tmp_path: Path) -> None:
    """A second run does not send it again."""
    client = LLMaaS(hooks=[Budget(10)])
    for _ in range(2):
        lines, report = run_lines(tmp_path, "a", *INVALID_LINES, "b", client=client)
        wrong = [INVALID_LINES[n] for n, line in enumerate(lines[1:-1]) if line["ok"]]
        assert wrong == []
        assert (lines[0]["ok"], lines[-1]["ok"], report.complete) == (True, True, True)


def test_unknown_field_is_logged_once(
    sandbox: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines, _ = run_lines(tmp_path, *[{"prompt": "x", "expected-answer": "y"}] * 3)
    assert [line["ok"] for line in lines] == [True] * 3
    assert caplog.text.count("'expected-answer' beside a prompt is not a parameter") == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_input_is_read_in_any_encoding(
    sandbox: Any, tmp_path: Path, encoding: str, end: str
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    text = end.join(['{"prompt": "é\u2028"}', "", '"日本\u0085"', "   ", "broken", ""])
    source.write_bytes(text.encode(encoding))
    report = bulk.run(source, out, model=MODEL, concurrency=1)
    assert (report.progress.done, report.progress.failed) == (3, 1)
    assert [a["messages"][0]["content"] for a in request_bodies(sandbox)] == [
        "é\u2028",
        "日本\u0085",
    ]


def test_run_waits_for_reservations_of_its_own_calls(sandbox: Any, tmp_path: Path) -> None:
    """A hundred prompts that cost next to nothing, though each may cost 0.13 EUR."""
    budget = Budget(0.5)
    client = LLMaaS(hooks=[budget])
    report = bulk.run(
        prompts(tmp_path / "in", 60), tmp_path / "out", model=MODEL, client=client, concurrency=16
    )
    assert (report.progress.done, report.progress.failed, report.resent) == (60, 0, 0)
    assert 0 < budget.spent < 0.05


# --- files of earlier runs ------------------------------------------------------------------

RESULTS = b'{"index":0,"ok":true,"cost_micro_eur":1,"sent":1}\n'


def write_state(tmp_path: Path, engine: str, *lines: str) -> None:
    header = {"llmaas-bulk": 1, "model": MODEL, "engine": engine}
    header |= {"params": {"system": "None"}, "input": {}}
    text = "\n".join([json.dumps(header), *lines, ""])
    (tmp_path / "out.state").write_text(text)


def test_checkpoint_format_1_is_resumed(sandbox: Any, tmp_path: Path) -> None:
    write_state(tmp_path, "asyncio", '["sent",0]', '["sent",1]', '["sent",2]', '["back",2]')
    (tmp_path / "out").write_bytes(RESULTS)
    report = bulk.run(["a", "b", "c"], tmp_path / "out", model=MODEL)
    assert (report.progress.before, report.progress.done, report.resent) == (1, 3, 1)
    assert {line["index"]: line["sent"] for line in results(tmp_path / "out")} == {0: 1, 1: 2, 2: 1}


def test_batches_in_checkpoint_format_1_are_restored(sandbox: Any, tmp_path: Path) -> None:
    lines = ['["lot",0,[[0,null]]]', '["lot-id",0,"batch-1"]', '["lot-lost",0]']
    lines += ['["lot",1,[[1,"i1"]]]', '["lot-refused",1]', '["lot",2,[[2,null]]]']
    lines += ['["lot",3,[[3,null]]]', '["lot-id",3,"batch-3"]', '["lot-given-up",3]']
    write_state(tmp_path, "batch", *lines)
    quick = {"poll": 0.01}
    report = bulk.run(
        list("abcd"), tmp_path / "out", model=MODEL, engine="batch", engine_options=quick
    )
    assert report.unconfirmed == {"batch-1": 1, "number 2 (submitted, never confirmed)": 1}
    assert sorted(line["index"] for line in results(tmp_path / "out")) == [1, 3]


# --- files of others --------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def is_refused(tmp_path: Path) -> None:
    """A run is refused, and what was there before is left as it was."""
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError):
        bulk.run(["x"], tmp_path / "out", model=MODEL)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("tail", [b"", b"\n", b"Dear Sir,\nyours", b'{"n": 1}\n{"n"', b"{}\n" * 2])
def test_foreign_output_is_refused_and_unchanged(sandbox: Any, tmp_path: Path, tail: bytes) -> None:
    (tmp_path / "out").write_bytes(b"Dear" + tail)
    is_refused(tmp_path)
    (tmp_path / "out").unlink()
    bulk.run(["x"], tmp_path / "out", model=MODEL)
    whole = (tmp_path / "out").read_bytes()
    (tmp_path / "out").write_bytes(b"Dear" + tail)  # rewritten, beside the state of a run
    is_refused(tmp_path)
    (tmp_path / "out").write_bytes(whole + b"Dear" + tail)
    is_refused(tmp_path)


@pytest.mark.parametrize("state", [b"Dear", b"Dear\nSir", b'{"a":1}\n{"b"', b'["sent",1]\n', b"\n"])
@pytest.mark.parametrize("out", [None, b"", RESULTS])
def test_foreign_state_is_refused_and_unchanged(
    tmp_path: Path, state: bytes, out: bytes | None
) -> None:
    (tmp_path / "out.state").write_bytes(state)
    if out is not None:
        (tmp_path / "out").write_bytes(out)
    is_refused(tmp_path)


@pytest.mark.parametrize("partial", [b"", b'{"llm', b'{"llmaas-bulk": 1, "mod'])
def test_run_resumes_when_killed_before_its_first_line(
    sandbox: Any, tmp_path: Path, partial: bytes
) -> None:
    (tmp_path / "out.state").write_bytes(partial)
    assert bulk.run(["x"], tmp_path / "out", model=MODEL).complete


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("name", ["out", "out.state"])
@pytest.mark.parametrize("target", ["missing", "diary", "fifo"])
def test_links_and_pipes_are_refused(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "diary").write_bytes(b"Dear diary")
    if target == "fifo":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to(tmp_path / target)
    is_refused(tmp_path)
    assert not (tmp_path / "missing").exists()


def test_sorting_does_not_follow_links(sandbox: Any, tmp_path: Path) -> None:
    (tmp_path / "diary").write_bytes(b"Dear diary")
    (tmp_path / "out.sorted").symlink_to(tmp_path / "diary")
    bulk.run(["x", "y"], tmp_path / "out", model=MODEL, ordered=True)
    assert (tmp_path / "diary").read_bytes() == b"Dear diary"
    assert [line["index"] for line in results(tmp_path / "out")] == [0, 1]


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_files_of_a_run_are_private(sandbox: Any, tmp_path: Path) -> None:
    bulk.run(["x"], tmp_path / "out", model=MODEL, ordered=True)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


class Locking:
    """``msvcrt`` as Windows has it: bytes are locked, against every other handle."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, file: int, mode: int, size: int) -> None:
        status = os.fstat(file)
        holder = self.held.setdefault((status.st_dev, status.st_ino), file)
        if holder != file:
            raise PermissionError(13, "Permission denied")


def test_run_works_without_posix_functions(
    sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pread", raising=False)
    monkeypatch.delattr(os, "O_NOFOLLOW", raising=False)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", Locking())  # type: ignore[arg-type]
    source, out = prompts(tmp_path / "in", 3), tmp_path / "out"
    first = Checkpoint(out, {})
    with pytest.raises(ConfigurationError, match="another run"):
        Checkpoint(out, {})
    first.close()
    state_path(out).unlink()
    out.unlink()
    monkeypatch.setitem(sys.modules, "msvcrt", Locking())  # type: ignore[arg-type]
    assert bulk.run(source, out, model=MODEL).complete
    assert bulk.run(source, out, model=MODEL).progress.before == 3


# --- killed -------------------------------------------------------------------------------


class KillableRuns:
    def __init__(self, source: Path, out: Path, options: dict[str, Any]) -> None:
        command = [sys.executable, "-c", RUNNER, str(source), str(out), json.dumps(options)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def kill_one(self, longest: float) -> bool:
        """Start a run, kill it after a while; tell whether it was still at work."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print("go", file=self.process.stdin, flush=True)
        pid = int(self.process.stdout.readline())
        time.sleep(random.uniform(0, longest))
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, signal.SIGKILL)
        return int(self.process.stdout.readline()) == signal.SIGKILL

    def __enter__(self) -> KillableRuns:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def whole_lines(out: Path) -> list[dict[str, Any]]:
    data = out.read_bytes() if out.exists() else b""
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


def use_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMAAS_BASE_URL", box.base_url)
    monkeypatch.setenv("LLMAAS_API_KEY", box.api_key)


def count_interrupted(finished: list[tuple[int, set[int]]]) -> int:
    """Count the runs that were killed amid their work."""
    return sum(before[1] < after[1] for before, after in pairwise(finished))


@pytest.mark.timeout(600)
def test_run_loses_nothing_when_killed_fifty_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out, count, at_once = tmp_path / "in", tmp_path / "out", 5000, 8
    prompts(source, count)
    options = {"concurrency": at_once}
    with Sandbox(tokens_per_second=100) as box:
        use_sandbox(box, monkeypatch)
        finished: list[tuple[int, set[int]]] = []
        longest = 0.25
        with KillableRuns(source, out, options) as runs:
            # On a busy machine some do nothing before they are killed: then there are more of
            # them, and they live longer.
            while len(finished) < 50 or (count_interrupted(finished) <= 20 and len(finished) < 200):
                runs.kill_one(longest)
                finished.append((len(box.requests), {line["index"] for line in whole_lines(out)}))
                if len(finished) % 10 == 0 and count_interrupted(finished[-10:]) < 4:
                    longest *= 2
        report = bulk.run(source, out, model=MODEL, concurrency=64)
        # A client may be killed between its head and its body: then there is no JSON.
        asks = [r.json["messages"][-1]["content"] if r.json else "" for r in box.requests]
        times = count_requests(box)
    lines = {line["index"]: line for line in results(out)}
    assert sorted(lines) == list(range(count))
    assert len(results(out)) == count  # nothing lost, nothing twice
    assert report.complete
    assert count_interrupted(finished) > 20
    for position, done in finished:  # what was finished was never sent again
        assert not {f'Say "item {n}"' for n in done} & set(asks[position + at_once :])
    assert sum(times.values()) - count <= len(finished) * at_once
    for index, line in lines.items():  # and what may have been billed twice says so
        assert line["sent"] >= times[f'Say "item {index}"'] >= 1


def test_batch_run_loses_nothing_when_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = prompts(tmp_path / "in", 900), tmp_path / "out"
    quick = {"batch_size": 5, "poll": 0.01, "max_open": 3}
    options = {"engine": "batch", "engine_options": quick}
    with Sandbox() as box:
        use_sandbox(box, monkeypatch)
        with KillableRuns(source, out, options) as runs:
            killed = [runs.kill_one(0.15) for _ in range(12)]
        assert sum(killed) > 3
        report = bulk.run(source, out, model=MODEL, **options)  # type: ignore[arg-type]
        assert set(count_requests(box).values()) <= {1}  # nothing was billed twice
        assert report.progress.done + sum(report.unconfirmed.values()) == 900
        allowed = {**quick, "resubmit": True}
        last = bulk.run(source, out, model=MODEL, engine="batch", engine_options=allowed)
        assert last.complete
        twice = {text for text, times in count_requests(box).items() if times > 1}
    lines = results(out)
    assert sorted(line["index"] for line in lines) == list(range(900))
    assert {f'Say "item {line["index"]}"' for line in lines if line["sent"] > 1} >= twice


# --- batches ---------------------------------------------------------------------------------


def run_batches(source: Path, out: Path, **options: Any) -> bulk.Report:
    quick = {"batch_size": 4, "poll": 0.01, **options}
    return bulk.run(source, out, model=MODEL, engine="batch", engine_options=quick)


def test_batches_cost_half_and_keep_order(sandbox: Any, tmp_path: Path) -> None:
    report = run_batches(prompts(tmp_path / "in", 10), tmp_path / "out")
    submitted = [len(r.json["messages"]) for r in sandbox.requests if r.method == "POST"]
    assert submitted == [4, 4, 2]
    lines = sorted(results(tmp_path / "out"), key=lambda line: line["index"])
    assert [line["text"] for line in lines] == [f"item {n}" for n in range(10)]
    assert [line["id"] for line in lines] == [f"i{n}" for n in range(10)]
    assert report.complete
    full = bulk.run(tmp_path / "in", tmp_path / "full", model=MODEL)
    assert 0 < report.progress.micro_eur < full.progress.micro_eur


def test_batch_run_without_wait_is_collected_later(sandbox: Any, tmp_path: Path) -> None:
    source, out = prompts(tmp_path / "in", 10), tmp_path / "out"
    first = run_batches(source, out, wait=False)
    assert (first.progress.waiting, first.complete) == (10, False)
    report = run_batches(source, out)
    assert report.complete
    assert set(count_requests(sandbox).values()) == {1}


def test_rejected_batch_counts_as_waiting(sandbox: Any, tmp_path: Path) -> None:
    source, out = prompts(tmp_path / "in", 3), tmp_path / "out"
    sandbox.script([{"status": 429, "json": {"detail": "slow"}}])
    report = run_batches(source, out, wait=False)
    assert (report.progress.done, report.progress.waiting, report.complete) == (0, 3, False)
    assert run_batches(source, out).complete


def test_bulk_stopped_error_is_picklable(sandbox: Any, tmp_path: Path) -> None:
    sandbox.script([{"status": 401, "json": {"detail": "no"}}])
    with pytest.raises(bulk.BulkStoppedError) as caught:
        run_batches(prompts(tmp_path / "in", 3), tmp_path / "out")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.report) == (str(caught.value), caught.value.report)


def test_lost_batch_is_resubmitted_only_on_request(sandbox: Any, tmp_path: Path) -> None:
    source, out = prompts(tmp_path / "in", 6), tmp_path / "out"
    run_batches(source, out, wait=False)
    sandbox.state.batches.clear()  # the instance restarts: batches live in its memory
    report = run_batches(source, out)
    assert sorted(report.unconfirmed.values()) == [2, 4]
    assert all(name.startswith("batch-sandbox-") for name in report.unconfirmed)
    assert set(count_requests(sandbox).values()) == {1}
    assert sum(run_batches(source, out).unconfirmed.values()) == 6  # still reported by the next run
    allowed = run_batches(source, out, resubmit=True)
    assert allowed.complete
    assert allowed.resent == 6
    assert {line["sent"] for line in results(out)} == {2}


def test_failed_batch_keeps_its_results(
    sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = LLMaaS(headers={"x-sandbox-fault": "batch-failed"})
    quick = {"poll": 0.01}
    report = bulk.run(
        prompts(tmp_path / "in", 6),
        tmp_path / "out",
        model=MODEL,
        engine="batch",
        client=client,
        engine_options=quick,
    )
    assert report.progress.done == 3
    assert list(report.unconfirmed.values()) == [3]


@pytest.mark.parametrize(
    ("step", "unconfirmed"),
    [
        ({"status": 503, "json": {"detail": "queue full"}}, 0),
        ({"status": 429, "json": {"detail": "slow"}}, 0),
        ({"status": 500, "json": {"detail": "?"}}, 3),
        ({"raw": b""}, 3),
    ],
)
def test_batch_is_resubmitted_only_when_surely_rejected(
    sandbox: Any, tmp_path: Path, step: Any, unconfirmed: int
) -> None:
    sandbox.script([step])
    report = run_batches(prompts(tmp_path / "in", 3), tmp_path / "out")
    assert sum(report.unconfirmed.values()) == unconfirmed
    assert report.progress.done == 3 - unconfirmed
    assert len([r for r in sandbox.requests if r.method == "POST"]) == (1 if unconfirmed else 2)


def test_line_that_no_batch_can_hold_becomes_an_error(sandbox: Any, tmp_path: Path) -> None:
    source = prompts(tmp_path / "in", 2)
    with source.open("a") as file:
        file.write('{"prompt":"x","params":{"temperature":0}}\n[]\n')
    report = run_batches(source, tmp_path / "out")
    assert (report.progress.done, report.progress.failed, report.complete) == (4, 2, True)
