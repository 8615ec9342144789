"""Batch requests at half price through the service's batch endpoint (not ``Runnable.batch``).

Results arrive within 24 hours. Only the key that submitted a batch may read it.
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
from langchain_llmaas.cost import record_cost
from langchain_llmaas.errors import translate_errors
from langchain_llmaas.messages import to_api_messages
from langchain_llmaas.responses import to_message, to_usage_metadata
from llmaas import Batch, Choice, Completion
from llmaas.adapters import await_batch, keep_batch_ids, reject_multiple_choices, wait_for_batch

MAX_BATCH_SIZE = 1_000

BatchResult = AIMessage | Exception


class LLMaaSBatch:
    """Submits batches and reads their results, possibly in another process.

    ``model`` is a ``ChatLLMaaS``, with or without bound tools and parameters.
    """

    def __init__(self, model: ChatLLMaaS | RunnableBinding[Any, Any], **params: Any) -> None:
        self.model, bound = _unwrap(model)
        self._params = {**bound, **params}
        self._params.pop("ls_structured_output_format", None)

    def submit(self, prompts: Sequence[LanguageModelInput]) -> str:
        """Submit up to 1,000 prompts and return the batch's id."""
        with translate_errors:
            return self.model.client.submit_batch(**self._build_request(prompts)).id

    async def asubmit(self, prompts: Sequence[LanguageModelInput]) -> str:
        """Submit up to 1,000 prompts and return the batch's id."""
        with translate_errors:
            return (await self.model.async_client.submit_batch(**self._build_request(prompts))).id

    def results(self, batch_id: str) -> list[BatchResult] | None:
        """Return messages or errors in the order of the prompts; None while the batch runs."""
        with translate_errors:
            return _to_results(self.model.client.get_batch(batch_id))

    async def aresults(self, batch_id: str) -> list[BatchResult] | None:
        """Return messages or errors in the order of the prompts; None while the batch runs."""
        with translate_errors:
            return _to_results(await self.model.async_client.get_batch(batch_id))

    def _build_request(self, prompts: Sequence[LanguageModelInput]) -> dict[str, Any]:
        if isinstance(prompts, str):  # each character would be a prompt
            raise TypeError(f"prompts must be a list, got {prompts!r:.80}.")
        request = self.model.build_request([], **self._params)
        reject_multiple_choices(request, "a batch returns one answer per prompt.")
        for name in ("messages", "repair"):
            request.pop(name)
        return {**request, "conversations": [self._to_conversation(prompt) for prompt in prompts]}

    def _to_conversation(self, prompt: LanguageModelInput) -> list[dict[str, Any]]:
        return to_api_messages(_to_messages(prompt), self.model.send_reasoning)


def batch_requests(
    model: ChatLLMaaS | RunnableBinding[Any, Any],
    prompts: Sequence[LanguageModelInput],
    *,
    poll_interval: float = 10.0,
    timeout: float | None = None,
    return_exceptions: bool = False,
    **params: Any,
) -> list[Any]:
    """Submit any number of prompts, wait, and return their ``AIMessage``s in order.

    Polls every ``poll_interval`` seconds. Raises ``TimeoutError`` after ``timeout`` seconds: it
    names the batch ids, which ``LLMaaSBatch.results`` can still read. Raises the error of the
    first failed prompt, or returns all errors in the list with ``return_exceptions``.
    """
    batch = LLMaaSBatch(model, **params)
    client, results = batch.model.client, list[BatchResult]()
    with translate_errors, keep_batch_ids() as batch_ids:
        for part in _split(prompts):
            batch_ids.append(batch.submit(part))
        deadline = None if timeout is None else time.monotonic() + timeout
        for batch_id in batch_ids:
            finished = wait_for_batch(
                client, batch_id, poll_interval=poll_interval, timeout=_remaining(deadline)
            )
            results += _results_or_raise(finished, batch_ids)
        return _raise_first_error(results, return_exceptions=return_exceptions)


async def abatch_requests(
    model: ChatLLMaaS | RunnableBinding[Any, Any],
    prompts: Sequence[LanguageModelInput],
    *,
    poll_interval: float = 10.0,
    timeout: float | None = None,  # noqa: ASYNC109 - as in batch_requests
    return_exceptions: bool = False,
    **params: Any,
) -> list[Any]:
    """Asynchronous version of ``batch_requests``."""
    batch = LLMaaSBatch(model, **params)
    client, results = batch.model.async_client, list[BatchResult]()
    with translate_errors, keep_batch_ids() as batch_ids:
        for part in _split(prompts):
            batch_ids.append(await batch.asubmit(part))
        deadline = None if timeout is None else time.monotonic() + timeout
        for batch_id in batch_ids:
            finished = await await_batch(
                client, batch_id, poll_interval=poll_interval, timeout=_remaining(deadline)
            )
            results += _results_or_raise(finished, batch_ids)
        return _raise_first_error(results, return_exceptions=return_exceptions)


def _unwrap(model: Any) -> tuple[ChatLLMaaS, Mapping[str, Any]]:
    bound: dict[str, Any] = {}
    while isinstance(model, RunnableBinding):
        bound = {**model.kwargs, **bound}
        model = model.bound
    if not isinstance(model, ChatLLMaaS):
        raise TypeError(f"model must be a ChatLLMaaS, got {type(model).__name__}")
    return model, bound


def _to_messages(prompt: LanguageModelInput) -> list[BaseMessage]:
    if isinstance(prompt, PromptValue):
        return prompt.to_messages()
    return convert_to_messages([prompt] if isinstance(prompt, str) else prompt)


def _split(prompts: Sequence[LanguageModelInput]) -> list[Sequence[LanguageModelInput]]:
    return [prompts[i : i + MAX_BATCH_SIZE] for i in range(0, len(prompts), MAX_BATCH_SIZE)]


def _to_results(batch: Batch) -> list[BatchResult] | None:
    """Return one message or error per prompt, None while the batch runs. Record its cost."""
    if not batch.done:
        return None
    _record_batch_cost(batch)
    if batch.error and not batch.answers:
        raise _batch_error(batch)
    return [*map(_to_result, batch.answers)]


def _to_result(result: Completion | Exception) -> BatchResult:
    if isinstance(result, Exception):
        return translate_errors.translate(result)
    choice = result.choices[0] if result.choices else Choice()
    return to_message(result, choice, to_usage_metadata(result.usage, batch=True))


def _batch_error(batch: Batch) -> Exception:
    why = (batch.error or {}).get("message", "no reason was given")
    return errors.APIError.build(f"Batch {batch.id} {batch.status}: {why}", body=batch.error)


def _record_batch_cost(batch: Batch) -> None:
    """Report the cost of a batch to the active cost handler."""
    completions = (result for result in batch.results if isinstance(result, Completion))
    usages = [each.usage for each in completions if each.usage]
    record_cost(
        batch.model,
        batch.cost_micro_eur,
        call_id=batch.id,
        input_tokens=sum(usage.prompt_tokens for usage in usages),
        output_tokens=sum(usage.completion_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens or 0 for usage in usages),
    )


def _remaining(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _results_or_raise(batch: Batch, batch_ids: Sequence[str]) -> list[BatchResult]:
    """Return the results; raise ``TimeoutError`` if the batch still runs."""
    results = _to_results(batch)
    if results is None:
        raise TimeoutError(
            f"batches are still running, read them later by id: {', '.join(batch_ids)}"
        )
    return results


def _raise_first_error(results: list[BatchResult], *, return_exceptions: bool) -> list[BatchResult]:
    failed = next((result for result in results if isinstance(result, Exception)), None)
    if failed is not None and not return_exceptions:
        raise failed
    return results
