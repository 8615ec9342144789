"""Contract cases about failures: a typed error, or the right answer after retries."""

from __future__ import annotations

import logging
import time
import warnings
from typing import Any

from tests.helpers.contract.driver import Harness
from tests.helpers.contract.registry import (
    CODED,
    THOUGHT,
    Contract,
    ModeFilter,
    any_mode,
    streamed,
    whole,
)

contract = Contract()
BLOCKED = {"detail": "Prompt blocked for security reasons"}
GONE = {"error": {"message": "Model not found", "type": "t", "code": "model_not_found"}}
RETIRED, SUCCESSOR = "qwen3-coder:30b", "qwen-coder-next:80b"
WAIT = 0.1


class LogHandler(logging.Handler):
    """Handler that collects log records."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(record.getMessage())


def refused(title: str, status: int, body: Any, **headers: str) -> None:
    @contract.case(title)
    async def check(harness: Harness) -> None:
        harness.box.script([{"status": status, "json": body, "headers": headers}])
        error = await harness.expect_error()
        assert error.status_code == status
        asked = headers.get("retry-after")
        assert getattr(error, "retry_after", None) == (float(asked) if asked else None)


refused("a blocked prompt (403): an error with its status", 403, BLOCKED)
refused("a wrong key (401): an error with its status", 401, CODED)
refused("a right that the key lacks (403): an error with its status", 403, CODED)


@contract.case("an unknown model (404): the error names available models")
async def unknown_model(harness: Harness) -> None:
    error = await harness.expect_error(harness.connect(model="no-such-model"))
    assert "llmaas models" in str(error)


@contract.case("a retired model (404): the error names its successor")
async def retired_model(harness: Harness) -> None:
    harness.box.script([{"status": 404, "json": GONE}])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error = await harness.expect_error(harness.connect(model=RETIRED))
    assert SUCCESSOR in str(error)


refused("a limit reached (429): `retry_after` on the error", 429, CODED, **{"retry-after": "7"})
refused("a limit reached without headers: an error with its status", 429, CODED)


@contract.case("a rate limit is waited for, at least as long as `Retry-After`")
async def waited_out(harness: Harness) -> None:
    limit = {"status": 429, "json": CODED, "headers": {"retry-after": str(WAIT)}}
    harness.box.script([limit, {"content": "Oui."}])
    began = time.monotonic()
    assert (await harness.ask(harness.connect(retries=1))).text == "Oui."
    assert time.monotonic() - began >= WAIT


@contract.case("a rate limit without headers is waited for")
async def waited_out_blindly(harness: Harness) -> None:
    harness.box.script([{"status": 429, "json": CODED}, {"content": "Oui."}])
    assert (await harness.ask(harness.connect(retries=1))).text == "Oui."


@contract.case("a 5xx is retried")
async def retried(harness: Harness) -> None:
    failure = {"status": 503, "headers": {"retry-after": "0.01"}}
    harness.box.script([failure, {"content": "Oui."}])
    assert (await harness.ask(harness.connect(retries=2))).text == "Oui."


@contract.case("a lasting 5xx: an error with its status, after the configured retries")
async def lasting(harness: Harness) -> None:
    harness.box.script([{"status": 503, "headers": {"retry-after": "0.01"}}] * 4)
    error = await harness.expect_error(harness.connect(retries=2))
    assert error.status_code == 503
    assert len(harness.box.requests) == 3


def broken(title: str, fault: str, applies: ModeFilter = streamed) -> None:
    @contract.case(title, applies)
    async def check(harness: Harness) -> None:
        # Twice: a connection that dies before its first byte may rightly be tried again.
        harness.box.script([{"content": "Un deux trois quatre cinq.", "fault": fault}] * 2)
        await harness.expect_error()


broken("a stream that breaks off is an error", "cut:4:rst")
broken("a stream that ends early is an error", "cut:4:fin")
broken("an error event in mid-stream is an error", "error-event")
broken("a whole answer that is cut is an error", "truncated-json", whole)
broken("a web page instead of an answer is an error", "html-200", any_mode)
broken("an empty body instead of an answer is an error", "empty-200", any_mode)


@contract.case("the error of a broken stream has the partial answer", streamed)
async def carried(harness: Harness) -> None:
    harness.box.script(
        [{"content": "Un deux trois quatre cinq.", "fault": "cut:4:fin,no-reasoning"}]
    )
    error = await harness.expect_error()
    assert error.completion.text.startswith("Un")


@contract.case("an answer that is empty because `max_tokens` ran out is explained")
async def empty(harness: Harness) -> None:
    step = {"content": "", "reasoning": THOUGHT, "finish_reason": "length"}
    harness.box.script([step])
    handler = LogHandler()
    logging.getLogger().addHandler(handler)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await harness.ask()
    logging.getLogger().removeHandler(handler)
    told = [str(one.message) for one in caught] + handler.lines
    assert any("max_tokens" in line or "max_completion_tokens" in line for line in told)
