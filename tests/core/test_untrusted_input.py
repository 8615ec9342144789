"""Arguments and files from users: refused as errors of ours, before anything is reserved."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

import llmaas
from llmaas.guard import Guard, GuardError
from llmaas.quota import Budget, Limit, MemoryLedger
from llmaas.quota.ledger import Reservation
from llmaas.wire.multipart import multipart

MODEL = "gpt-oss:120b"

BAD = {
    "tools": 5,
    "tools-text": "search",
    "tool": [5],
    "deadline": "x",
    "extra_headers": 5,
    "extra_body": 5,
    "timeout": "soon",
    "max_tokens": -5,
    "n": -1,
    "max_completion_tokens": 0,
}


@pytest.mark.parametrize("method", ["chat", "stream", "submit_batch"])
@pytest.mark.parametrize("name", BAD)
def test_finding_18_bad_options_are_typed_errors(
    sandbox: Any, api: Any, name: str, method: str
) -> None:
    option = {"tools-text": "tools", "tool": "tools"}.get(name, name)
    inputs = ["Hi"] if method == "submit_batch" else "Hi"
    with pytest.raises(llmaas.ConfigurationError, match=option.removeprefix("extra_")):
        api().do(method, inputs, model=MODEL, **{option: BAD[name]})
    assert not sandbox.requests


@pytest.mark.parametrize("option", ["deadline", "extra_headers", "extra_body", "timeout"])
@pytest.mark.parametrize(
    ("method", "inputs", "model"),
    [("embed", ["a"], "bge-m3:567m"), ("rerank", ["a", ["b"]], "bge-reranker-v2-m3"),
     ("speak", ["a"], "kokoro"), ("transcribe", [b"RIFF"], "whisper"),
     ("generate_images", ["a"], "flux.2-klein:4b")],
)  # fmt: skip
def test_finding_18_bad_options_of_other_calls_are_typed_errors(
    sandbox: Any, api: Any, method: str, inputs: list[Any], model: str, option: str
) -> None:
    with pytest.raises(llmaas.ConfigurationError, match=option.removeprefix("extra_")):
        api().do(method, *inputs, model=model, **{option: BAD[option]})
    assert not sandbox.requests


@pytest.mark.parametrize("value", ["x", True, float("nan")])
def test_finding_18_a_client_refuses_a_deadline_that_is_no_number(api: Any, value: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError, match="deadline"):
        api(deadline=value)


@pytest.mark.parametrize("path", ["a\0", "/no/such/file"])
def test_finding_18_bad_paths_of_audio_files_are_typed_errors(
    sandbox: Any, api: Any, path: str
) -> None:
    with pytest.raises(llmaas.InvalidInputError, match="cannot be read"):
        api().do("transcribe", path)


@pytest.mark.parametrize("where", ["option", "extra_body"])
@pytest.mark.parametrize(
    "counts", [{"max_tokens": -100_000}, {"n": -3}, {"max_tokens": 0}, {"n": 1.5}]
)
def test_finding_2_negative_counts_make_no_room_in_a_budget(
    sandbox: Any, api: Any, counts: dict[str, Any], where: str
) -> None:
    budget = Budget(0.01)
    options = counts if where == "option" else {"extra_body": counts}
    with pytest.raises(llmaas.InvalidInputError, match=next(iter(counts))):
        api(hooks=[budget]).do("chat", "Hi", model=MODEL, **options)
    assert budget.spent == 0
    assert not sandbox.requests


def test_finding_2_the_larger_of_two_output_limits_counts(sandbox: Any, api: Any) -> None:
    client = api(hooks=[Budget(0.01)])
    with pytest.raises(llmaas.BudgetExceededError):
        client.do("chat", "Hi", model=MODEL, max_tokens=1, max_completion_tokens=1_000_000)
    assert not sandbox.requests


@pytest.mark.parametrize(
    "batch_id",
    [
        "../../../models",
        "",
        ".",
        "..",
        "a/b",
        "a?x=1",
        "a#b",
        "a%2fb",
        "a\r\nb",
        "a\0",
        5,
        "a" * 999,
    ],
)
def test_finding_13_batch_ids_name_no_other_path(sandbox: Any, api: Any, batch_id: Any) -> None:
    with pytest.raises(llmaas.InvalidInputError, match="batch_id"):
        api().do("get_batch", batch_id)
    assert not sandbox.requests


def test_finding_6_boundary_cannot_be_computed_and_occurs_in_no_part() -> None:
    data = b"RIFF" + b"0123456789abcdef" * 1_000
    fields = {"prompt": 'a"\r\nb', 'na"me\r\nx-y: 1': "v"}
    boundaries = set()
    for _ in range(20):
        body, kind = multipart(fields, "a.wav", data)
        boundary = kind.partition("boundary=")[2]
        boundaries.add(boundary)
        assert re.fullmatch(r"[0-9a-f]{32}", boundary)
        assert body.count(boundary.encode()) == 4
        assert b"\r\nx-y: 1" not in body
    assert len(boundaries) == 20
    assert hashlib.sha256(b"a.wav" + data).hexdigest()[:32] not in boundaries


@pytest.mark.parametrize("kind", ["string", "text part", "texts of vectors"])
def test_finding_1_guard_sees_text_that_begins_like_an_image(
    sandbox: Any, api: Any, kind: str
) -> None:
    text = "data:image/png;base64,a\u202eb"
    content = [{"type": "text", "text": text}] if kind == "text part" else text
    calls: dict[str, tuple[Any, ...]] = {"texts of vectors": ("embed", [text])}
    asked = calls.get(kind, ("chat", [{"role": "user", "content": content}]))
    client = api(hooks=[Guard()])
    with pytest.raises(GuardError):
        client.do(*asked, model=MODEL)
    assert not list(sandbox.requests)


def test_finding_19_memory_ledger_forgets_accounts_that_no_limit_counts() -> None:
    ledger, limits = MemoryLedger(), [Limit(10, 0.001)]
    for number in range(5_000):
        taken = ledger.reserve(f"user {number}", 1, limits)
        assert isinstance(taken, Reservation)
        ledger.settle(taken, 1, limits)
    assert len(ledger._windows) < 3_000
