"""Drivers for the core's other operations, so that faults are injected into them as well.

Their answers are compared with what the sandbox said when it was asked without a fault.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any, ClassVar

from llmaas import AsyncLLMaaS, LLMaaS
from tests.helpers.contract.driver import Answer, ClientOptions, Driver, Harness, Mode, Request
from tests.helpers.faults.cases import CONNECTION, FRAMING, REFUSALS, Case
from tests.helpers.faults.runner import Column

CHAT, EMBED, RERANK, DRAW = "gpt-oss:120b", "bge-m3:567m", "qwen3-reranker:4b", "z-image:16b"
TEXTS = ["Le chat dort.", "Il pleut à Lyon.", "Été."]


def silence() -> bytes:
    """Return a second of it, as a WAV file."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(16_000))
    return file.getvalue()


class Operation(Driver):
    """One method of the core's clients."""

    has_sync = True
    distribution = "llmaas"
    method: ClassVar[str]
    arguments: ClassVar[tuple[Any, ...]] = ()
    options: ClassVar[dict[str, Any]] = {}

    @property
    def name(self) -> str:  # type: ignore[override]
        """The method."""
        return self.method

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Nothing of these is streamed."""
        return tuple(mode for mode in super().modes if not mode.stream)

    def connect(self, to: ClientOptions) -> Any:
        """Return a client for asyncio."""
        return AsyncLLMaaS(**options_of(to))

    def connect_sync(self, to: ClientOptions) -> Any:
        """Return a client for threads."""
        return LLMaaS(**options_of(to))

    async def ask(self, client: Any, request: Request) -> Answer:
        """Call the method."""
        call = getattr(client, self.method)
        return Answer(value=self.seen(await call(*self.arguments, **self.options)))

    def ask_sync(self, client: Any, request: Request) -> Answer:
        """Call the method."""
        call = getattr(client, self.method)
        return Answer(value=self.seen(call(*self.arguments, **self.options)))

    def seen(self, result: Any) -> Any:
        """Return what of a result must be the same each time."""
        return result


class Embed(Operation):
    """Texts to vectors."""

    method = "embed"
    arguments = (TEXTS,)
    options: ClassVar = {"model": EMBED, "isolate_errors": False}

    def seen(self, result: Any) -> Any:
        """All vectors, in order."""
        return result.vectors, dict(result.errors)


class Rerank(Operation):
    """Documents by relevance."""

    method = "rerank"
    arguments = ("Où dort le chat ?", TEXTS)
    options: ClassVar = {"model": RERANK}

    def seen(self, result: Any) -> Any:
        """All documents with their scores."""
        return result.results


class Transcribe(Operation):
    """Speech to text."""

    method = "transcribe"
    arguments = (("a.wav", silence()),)

    def seen(self, result: Any) -> Any:
        """The text."""
        return result.text


class Speak(Operation):
    """Text to speech."""

    method = "speak"
    arguments = ("Bonjour à tous.",)
    options: ClassVar = {"model": "kokoro", "response_format": "wav"}

    def seen(self, result: Any) -> Any:
        """The sound."""
        return result.audio


class GenerateImages(Operation):
    """Prompts to pictures."""

    method = "generate_images"
    arguments = ("un chat",)
    options: ClassVar = {"model": DRAW, "size": "256x256"}

    def seen(self, result: Any) -> Any:
        """The pictures."""
        return [image.data for image in result]


class Models(Operation):
    """The list of what the key may use."""

    method = "models"

    def seen(self, result: Any) -> Any:
        """The names."""
        return [model.id for model in result]


class SubmitBatch(Operation):
    """A submitted batch: never twice, since every batch is billed."""

    method = "submit_batch"
    sends_once = True
    arguments = (TEXTS,)
    options: ClassVar = {"model": CHAT}

    def seen(self, result: Any) -> Any:
        """How much was taken."""
        return result.total, result.status


class GetBatch(Operation):
    """Status of a batch."""

    method = "get_batch"

    def connect_sync(self, to: ClientOptions) -> Any:
        """Submit a batch before the fault is injected."""
        return BatchClient(LLMaaS(**options_of(to)), submit_batch_for(to))

    def connect(self, to: ClientOptions) -> Any:
        """The same, for asyncio."""
        return BatchClient(AsyncLLMaaS(**options_of(to)), submit_batch_for(to))

    def seen(self, result: Any) -> Any:
        """How much is in it; each look moves its state on."""
        return result.total


class BatchClient:
    """A client with the id of the batch to look up."""

    def __init__(self, client: Any, lot: str) -> None:
        self.get_batch: Callable[[], Any] = lambda: client.get_batch(lot)


def submit_batch_for(to: ClientOptions) -> str:
    """Submit a batch and return its id."""
    with LLMaaS(**options_of(to)) as client:
        return client.submit_batch(TEXTS, model=CHAT).id


def options_of(to: ClientOptions) -> dict[str, Any]:
    """Return the arguments of a client."""
    return {
        "base_url": to.base_url,
        "api_key": to.api_key,
        "max_retries": to.retries,
        "timeout": to.timeout,
        "deadline": to.deadline,
    }


OPERATIONS: Sequence[Driver] = [
    kind()
    for kind in (Embed, Rerank, Transcribe, Speak, GenerateImages, Models, SubmitBatch, GetBatch)
]
ABOUT_CHAT = ("json-cut", "early-done", "no-done", "done-no-finish", "trickle:7")
LIKE_OTHERS = ("cut:40b", "cut:0:rst", "cut:4:rst", "status:4", "status:50", "envelope:")
TELLING = ("status:429:20ms", "status:503:20ms", "status:403", "status:501", "envelope:1:200")


def adapt_to_operations(case: Case) -> Case | None:
    """Adapt a case to these operations; None if it does not apply."""
    if case.whole is None or case.fault.startswith(ABOUT_CHAT):
        return None
    if case.fault.startswith(LIKE_OTHERS) and case.fault not in TELLING:
        return None
    changed = replace(case, step={}, request={})
    if case.fault in ("truncated-json", "split-utf8"):  # a sound is neither JSON nor characters
        return replace(changed, otherwise={"speak": None})
    return changed


CASES = [made for case in (*FRAMING, *CONNECTION, *REFUSALS) if (made := adapt_to_operations(case))]


def with_expected_result(column: Column) -> Column:
    """Return a column with the expected result of its operation."""
    harness = Harness(column.driver, column.box, column.mode)
    return replace(column, said=asyncio.run(harness.ask()))
