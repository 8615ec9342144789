"""Callables for ``Dataset.map_batches``: one client per actor, errors in a column."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from llmaas.bulk.concurrency import AdaptiveLimiter
from llmaas.bulk.engine_asyncio import ItemRunner
from llmaas.bulk.error_policy import Action, classify_error
from llmaas.bulk.items import Item
from llmaas.client import AsyncLLMaaS
from llmaas.model_names import ChatModelName, EmbeddingModelName, RerankModelName
from llmaas.ray import columns
from llmaas.settings import Settings
from llmaas.types import Completion

if TYPE_CHECKING:
    import pyarrow as pa

_INITIAL_CONCURRENCY = 8
"""Calls in flight at the start; the limit adapts from there."""


class Stage:
    """Base class of the stages.

    Every actor has one client and one adaptive limit of calls in flight, which grows by one per
    round of successes and halves on a 429. Actors read the key from ``LLMAAS_API_KEY``; it is not
    sent to them. Quotas and budgets with a ``RedisLedger``, passed as ``hooks``, apply to all
    actors and machines together.
    """

    fields: ClassVar[columns.Fields]

    def __init__(
        self,
        model: str,
        *,
        concurrency: int = 32,
        retries: int = 4,
        stop_on_fatal: bool = True,
        client: Mapping[str, Any] | None = None,
        settings: Settings | None = None,
        **params: Any,
    ) -> None:
        """Create the client of an actor.

        ``concurrency`` is the maximum number of calls in flight per actor, ``retries`` the number
        of retries per row, ``client`` the arguments of ``AsyncLLMaaS`` (or ``settings`` those of
        another client), ``params`` the options of each call. With ``stop_on_fatal``, a wrong key,
        an unknown model or an exhausted budget stops the run; without it, the rows get the error.
        """
        base = (
            AsyncLLMaaS(**(client or {}))
            if settings is None
            else AsyncLLMaaS.from_settings(settings)
        )
        self._client = base.with_options(max_retries=0)
        self._model, self._params = model, params
        self._limiter = AdaptiveLimiter(_INITIAL_CONCURRENCY, concurrency)
        self._retries, self._stop_on_fatal = retries, stop_on_fatal

    async def __call__(self, batch: Any) -> AsyncIterator[pa.Table]:
        """Add the columns of this stage to a batch (an Arrow table or a dict of arrays)."""
        table = columns.to_table(batch)
        results = await self._answer(table)
        yield columns.extend(table, results, self.fields)

    async def _answer(self, table: pa.Table) -> list[dict[str, Any]]:
        raise NotImplementedError

    def _to_error(self, error: Exception) -> dict[str, Any]:
        if self._stop_on_fatal and classify_error(error) is Action.ABORT:
            raise error
        return {"error": f"{type(error).__name__}: {error}"}


class Chat(Stage):
    """Stage that answers a column of prompts (strings) or conversations (lists of messages).

    Adds ``answer``, ``reasoning``, ``tool_calls`` (JSON), ``finish_reason``, ``model``,
    ``prompt_tokens``, ``completion_tokens``, ``cost_eur`` (EUR, None without usage),
    ``attempts`` (requests sent by the actor for this row), ``machine`` and ``error`` (None
    for an answered row).
    """

    fields = columns.CHAT

    def __init__(
        self,
        model: ChatModelName,
        *,
        column: str = "prompt",
        system: str | None = None,
        **options: Any,
    ) -> None:
        """Create an actor; ``system`` is put before every conversation."""
        super().__init__(model, **options)
        self._column, self._system = column, system
        self._sent: Counter[int] = Counter()
        self._rows = 0

    async def _answer(self, table: pa.Table) -> list[dict[str, Any]]:
        prompts = columns.to_values(table, self._column)
        runner = ItemRunner(
            self._client,
            self._model,
            self._params,
            self._retries,
            self._limiter,
            self._mark_sent,
            self._unmark_sent,
        )
        return await asyncio.gather(*(self._row(runner, prompt) for prompt in prompts))

    async def _row(self, runner: ItemRunner, prompt: Any) -> dict[str, Any]:
        self._rows += 1
        item = Item(self._rows, self._to_messages(prompt))
        try:
            result, attempts, _ = await runner.run_item(item)
        except Exception as error:
            result, attempts = error, self._sent[item.index]
        finally:
            self._sent.pop(item.index, None)
        return {"attempts": attempts, **self._to_columns(result)}

    def _to_messages(self, prompt: Any) -> Any:
        turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        head = [] if self._system is None else [{"role": "system", "content": self._system}]
        return [*head, *turns] if isinstance(turns, list) else turns

    def _to_columns(self, result: Completion | Exception) -> dict[str, Any]:
        if isinstance(result, Exception):
            partial = getattr(result, "completion", None)
            return {**columns.to_usage_columns(partial), **self._to_error(result)}
        calls = [asdict(call) for call in result.tool_calls]
        return {
            "answer": result.text,
            "reasoning": result.reasoning,
            "tool_calls": json.dumps(calls, ensure_ascii=False) if calls else None,
            "finish_reason": result.finish_reason,
            "model": result.model,
            "machine": result.backend and result.backend.machine_name,
            **columns.to_usage_columns(result),
        }

    async def _mark_sent(self, index: int) -> int:
        self._sent[index] += 1
        return self._sent[index]

    async def _unmark_sent(self, index: int) -> None:
        self._sent[index] -= 1


class Embed(Stage):
    """Stage that embeds a column of texts, one batch per operation.

    Adds ``embedding`` (list of float32), ``cost_eur`` (the batch's, divided evenly over its
    rows) and ``error``.
    """

    fields = columns.EMBED

    def __init__(self, model: EmbeddingModelName, *, column: str = "text", **options: Any) -> None:
        """Create an actor."""
        super().__init__(model, **options)
        self._client = self._client.with_options(max_retries=self._retries)
        self._column = column

    async def _answer(self, table: pa.Table) -> list[dict[str, Any]]:
        texts = columns.to_values(table, self._column)
        try:
            response = await self._client.embed(texts, model=self._model, **self._params)
        except Exception as error:
            return [self._to_error(error)] * len(texts)
        micro = response.cost_micro_eur
        cost = None if micro is None else micro / 1e6 / len(texts)
        return [
            {
                "embedding": vector,
                "cost_eur": cost,
                **self._to_optional_error(response.errors.get(number)),
            }
            for number, vector in enumerate(response.vectors)
        ]

    def _to_optional_error(self, error: Exception | None) -> dict[str, Any]:
        return {} if error is None else self._to_error(error)


class Rerank(Stage):
    """Stage that ranks a column of document lists against a column of queries.

    Adds ``ranking`` (a list of ``index`` and ``relevance_score``, best first), ``cost_eur`` and
    ``error``.
    """

    fields = columns.RERANK

    def __init__(
        self,
        model: RerankModelName,
        *,
        query: str = "query",
        documents: str = "documents",
        **options: Any,
    ) -> None:
        """Create an actor; ``query`` and ``documents`` name columns."""
        super().__init__(model, **options)
        self._client = self._client.with_options(max_retries=self._retries)
        self._query, self._documents = query, documents

    async def _answer(self, table: pa.Table) -> list[dict[str, Any]]:
        queries = columns.to_values(table, self._query)
        documents = columns.to_values(table, self._documents)
        return await asyncio.gather(*map(self._row, queries, documents))

    async def _row(self, query: str, documents: list[str]) -> dict[str, Any]:
        await self._limiter.acquire()
        try:
            response = await self._client.rerank(
                query, documents, model=self._model, **self._params
            )
        except Exception as error:
            return self._to_error(error)
        finally:
            await self._limiter.release()
        ranking = [
            {"index": r.index, "relevance_score": r.relevance_score} for r in response.results
        ]
        return {"ranking": ranking, "cost_eur": response.cost_micro_eur / 1e6}
