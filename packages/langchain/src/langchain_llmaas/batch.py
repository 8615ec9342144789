"""Many prompts at half price through the service's batch endpoint (not ``Runnable.batch``).

A lot waits for free machines: answers come within 24 hours, and only the key that handed it
in may read it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableBinding

from langchain_llmaas import errors
from langchain_llmaas.chat_models import ChatLLMaaS
from langchain_llmaas.cost import note
from langchain_llmaas.errors import translate_errors
from langchain_llmaas.incoming import message_of
from langchain_llmaas.outgoing import wire_messages
from llmaas import Batch, Choice, Completion
from llmaas.adapters import await_batch, keep_batch_ids, reject_multiple_choices, wait_for_batch

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
        with translate_errors:
            return self.model.client.submit_batch(**self._ask(prompts)).id

    async def asubmit(self, prompts: Sequence[LanguageModelInput]) -> str:
        """Hand in up to 1,000 prompts and return the lot's id."""
        with translate_errors:
            return (await self.model.async_client.submit_batch(**self._ask(prompts))).id

    def results(self, lot: str) -> list[Answer] | None:
        """Return answers (or errors) in the order of the prompts, or None while it is waiting."""
        with translate_errors:
            return _answers(self.model.client.get_batch(lot))

    async def aresults(self, lot: str) -> list[Answer] | None:
        """Return answers (or errors) in the order of the prompts, or None while it is waiting."""
        with translate_errors:
            return _answers(await self.model.async_client.get_batch(lot))

    def _ask(self, prompts: Sequence[LanguageModelInput]) -> dict[str, Any]:
        ask = self.model.request([], **self._params)
        reject_multiple_choices(ask, "a batch gives one answer a prompt.")
        for name in ("messages", "repair"):
            ask.pop(name)
        return {**ask, "conversations": [self._wire(prompt) for prompt in prompts]}

    def _wire(self, prompt: LanguageModelInput) -> list[dict[str, Any]]:
        return wire_messages(_messages(prompt), self.model.send_reasoning)


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
    client, answers = batch.model.client, list[Answer]()
    with translate_errors, keep_batch_ids() as lots:
        for part in _parts(prompts):
            lots.append(batch.submit(part))
        end = None if timeout is None else time.monotonic() + timeout
        for lot in lots:
            found = wait_for_batch(client, lot, poll_interval=poll, timeout=_left(end))
            answers += _finished(found, lots)
        return _checked(answers, return_exceptions=return_exceptions)


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
    client, answers = batch.model.async_client, list[Answer]()
    with translate_errors, keep_batch_ids() as lots:
        for part in _parts(prompts):
            lots.append(await batch.asubmit(part))
        end = None if timeout is None else time.monotonic() + timeout
        for lot in lots:
            found = await await_batch(client, lot, poll_interval=poll, timeout=_left(end))
            answers += _finished(found, lots)
        return _checked(answers, return_exceptions=return_exceptions)


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
    """Return one answer or error for each prompt, also where a lot that failed tells of few."""
    if not batch.done:
        return None
    _count(batch)
    if batch.error and not batch.answers:
        raise _failure(batch)
    return [*map(_answer, batch.answers)]


def _answer(result: Completion | Exception) -> Answer:
    if isinstance(result, Exception):
        return translate_errors.translate(result)
    return message_of(result, result.choices[0] if result.choices else Choice(), batch=True)


def _failure(batch: Batch) -> Exception:
    why = (batch.error or {}).get("message", "no reason was given")
    return errors.APIError.build(f"The lot {batch.id} {batch.status}: {why}", body=batch.error)


def _count(batch: Batch) -> None:
    """Tell what a lot cost to the handler in force."""
    answers = (result for result in batch.results if isinstance(result, Completion))
    usages = [answer.usage for answer in answers if answer.usage]
    note(
        batch.model,
        batch.cost_micro_eur,
        once=batch.id,
        input_tokens=sum(usage.prompt_tokens for usage in usages),
        output_tokens=sum(usage.completion_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens or 0 for usage in usages),
    )


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - time.monotonic())


def _finished(batch: Batch, lots: Sequence[str]) -> list[Answer]:
    """Return the answers; raise ``TimeoutError`` if they are not there."""
    answers = _answers(batch)
    if answers is None:
        raise TimeoutError(f"not all answers are there yet; the batches are {', '.join(lots)}")
    return answers


def _checked(answers: list[Answer], *, return_exceptions: bool) -> list[Answer]:
    failed = next((a for a in answers if isinstance(a, Exception)), None)
    if failed is not None and not return_exceptions:
        raise failed
    return answers
