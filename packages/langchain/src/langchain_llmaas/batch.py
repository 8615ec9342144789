"""Many prompts at half price through the service's batch endpoint (not ``Runnable.batch``).

A lot waits for free machines: answers come within 24 hours, and only the key that handed it
in may read it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableBinding

from langchain_llmaas.chat_models import ChatLLMaaS
from langchain_llmaas.cost import note
from langchain_llmaas.incoming import message_of
from langchain_llmaas.outgoing import wire_messages
from langchain_llmaas.seam import SEAM
from llmaas import Batch, Choice, Completion

LARGEST_LOT = 1_000

Answer = AIMessage | Exception


class LLMaaSBatch:
    """Hands lots in and reads them: ``submit`` now, ``results`` later, from anywhere.

    ``model`` is a ``ChatLLMaaS``, also with tools or other parameters bound to it.
    """

    def __init__(self, model: ChatLLMaaS | RunnableBinding[Any, Any], **params: Any) -> None:
        self.model, bound = _unbound(model)
        self._params = {**bound, **params}
        self._params.pop("ls_structured_output_format", None)

    def submit(self, prompts: Sequence[LanguageModelInput]) -> str:
        """Hand in up to 1,000 prompts and return the lot's id."""
        with SEAM:
            return self.model.client.submit_batch(**self._ask(prompts)).id

    async def asubmit(self, prompts: Sequence[LanguageModelInput]) -> str:
        """Hand in up to 1,000 prompts and return the lot's id."""
        with SEAM:
            return (await self.model.async_client.submit_batch(**self._ask(prompts))).id

    def results(self, lot: str) -> list[Answer] | None:
        """Return answers (or errors) in the order of the prompts, or None while it is waiting."""
        with SEAM:
            return _answers(self.model.client.get_batch(lot))

    async def aresults(self, lot: str) -> list[Answer] | None:
        """Return answers (or errors) in the order of the prompts, or None while it is waiting."""
        with SEAM:
            return _answers(await self.model.async_client.get_batch(lot))

    def _ask(self, prompts: Sequence[LanguageModelInput]) -> dict[str, Any]:
        ask = self.model.request([], **self._params)
        for name in ("messages", "repair"):
            ask.pop(name)
        return {**ask, "conversations": [self._wire(prompt) for prompt in prompts]}

    def _wire(self, prompt: LanguageModelInput) -> list[dict[str, Any]]:
        return wire_messages(_messages(prompt), self.model.reasoning_echo)


def batch_requests(
    model: ChatLLMaaS | RunnableBinding[Any, Any],
    prompts: Sequence[LanguageModelInput],
    *,
    poll: float = 10.0,
    timeout: float | None = None,
    return_exceptions: bool = False,
    **params: Any,
) -> list[Any]:
    """Hand in any number of prompts, wait, and return their ``AIMessage``s in order.

    Looks every ``poll`` seconds; after ``timeout`` seconds raises ``TimeoutError`` naming the
    lots, which ``LLMaaSBatch.results`` can still read. A prompt that failed raises, or stands
    as its exception in the list with ``return_exceptions``.
    """
    batch = LLMaaSBatch(model, **params)
    lots = [batch.submit(part) for part in _parts(prompts)]
    end = _end(timeout)
    answers: list[Answer] = []
    for lot in lots:
        while (ready := batch.results(lot)) is None:
            _check(end, lots)
            time.sleep(poll)
        answers += ready
    return _checked(answers, lots, return_exceptions=return_exceptions)


async def abatch_requests(
    model: ChatLLMaaS | RunnableBinding[Any, Any],
    prompts: Sequence[LanguageModelInput],
    *,
    poll: float = 10.0,
    timeout: float | None = None,  # noqa: ASYNC109 - as in batch_requests
    return_exceptions: bool = False,
    **params: Any,
) -> list[Any]:
    """Do what ``batch_requests`` does, for asyncio."""
    batch = LLMaaSBatch(model, **params)
    lots = [await batch.asubmit(part) for part in _parts(prompts)]
    end = _end(timeout)
    answers: list[Answer] = []
    for lot in lots:
        while (ready := await batch.aresults(lot)) is None:
            _check(end, lots)
            await asyncio.sleep(poll)
        answers += ready
    return _checked(answers, lots, return_exceptions=return_exceptions)


def _unbound(model: Any) -> tuple[ChatLLMaaS, Mapping[str, Any]]:
    bound: dict[str, Any] = {}
    while isinstance(model, RunnableBinding):
        bound = {**model.kwargs, **bound}
        model = model.bound
    if not isinstance(model, ChatLLMaaS):
        raise TypeError(f"a batch needs a ChatLLMaaS, not {type(model).__name__}")
    return model, bound


def _messages(prompt: LanguageModelInput) -> list[BaseMessage]:
    if isinstance(prompt, PromptValue):
        return prompt.to_messages()
    return convert_to_messages([prompt] if isinstance(prompt, str) else prompt)


def _parts(prompts: Sequence[LanguageModelInput]) -> list[Sequence[LanguageModelInput]]:
    return [prompts[i : i + LARGEST_LOT] for i in range(0, len(prompts), LARGEST_LOT)]


def _answers(batch: Batch) -> list[Answer] | None:
    if not batch.done:
        return None
    if batch.error and not batch.results:
        raise RuntimeError(f"the lot {batch.id} failed: {batch.error}")
    note(batch.model, batch.cost_micro_eur)
    return [_answer(result) for result in batch.results]


def _answer(result: Completion | Exception) -> Answer:
    if isinstance(result, Exception):
        return result
    return message_of(result, result.choices[0] if result.choices else Choice(), batch=True)


def _end(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _check(end: float | None, lots: Sequence[str]) -> None:
    if end is not None and time.monotonic() > end:
        raise TimeoutError(f"not all answers are there yet; the lots are {', '.join(lots)}")


def _checked(
    answers: list[Answer], lots: Sequence[str], *, return_exceptions: bool
) -> list[Answer]:
    failed = next((a for a in answers if isinstance(a, Exception)), None)
    if failed is not None and not return_exceptions:
        failed.add_note(f"Every answer that came can be read from the lots {', '.join(lots)}.")
        raise failed
    return answers
