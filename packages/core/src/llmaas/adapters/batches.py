"""Waiting for batches, and their ids in the errors of a wait that fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmaas import AsyncLLMaaS, Batch, LLMaaS


def wait_for_batch(
    client: LLMaaS, batch: Batch | str, *, poll_interval: float = 30.0, timeout: float | None = None
) -> Batch:
    """Poll a batch until it is done, or until ``timeout`` seconds have passed.

    Takes a batch or its id. Returns the last state: check ``done``. A batch given as an object
    that is done, or a timeout of 0, sends no request for it.
    """
    end = _end(timeout)
    current = client.get_batch(batch) if isinstance(batch, str) else batch
    while not current.done and (pause := _pause(poll_interval, end)) is not None:
        time.sleep(pause)
        current = client.get_batch(current.id)
    return current


async def await_batch(
    client: AsyncLLMaaS,
    batch: Batch | str,
    *,
    poll_interval: float = 30.0,
    timeout: float | None = None,  # noqa: ASYNC109 - as in wait_for_batch
) -> Batch:
    """Do what ``wait_for_batch`` does, for asyncio."""
    end = _end(timeout)
    current = await client.get_batch(batch) if isinstance(batch, str) else batch
    while not current.done and (pause := _pause(poll_interval, end)) is not None:
        await asyncio.sleep(pause)
        current = await client.get_batch(current.id)
    return current


@contextmanager
def keep_batch_ids(*ids: str) -> Iterator[list[str]]:
    """Add a note with the ids of submitted batches, which are billed, to whatever is raised.

    Yields the list of ids; append those of batches that are submitted within the block.
    """
    submitted = [*ids]
    try:
        yield submitted
    except BaseException as error:
        if submitted:
            error.add_note(f"Submitted batches, whose results remain: {', '.join(submitted)}.")
        raise


def _end(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _pause(poll_interval: float, end: float | None) -> float | None:
    """Return the seconds to sleep before the next request; None when no time is left."""
    left = poll_interval if end is None else min(poll_interval, end - time.monotonic())
    return left if left > 0 or end is None else None
