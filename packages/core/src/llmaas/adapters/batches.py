"""Waiting for batches, with their IDs in the errors of a failed wait."""

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
    deadline = _to_deadline(timeout)
    current = client.get_batch(batch) if isinstance(batch, str) else batch
    while not current.done and (pause := _next_pause(poll_interval, deadline)) is not None:
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
    """Do the same as ``wait_for_batch``, with asyncio."""
    deadline = _to_deadline(timeout)
    current = await client.get_batch(batch) if isinstance(batch, str) else batch
    while not current.done and (pause := _next_pause(poll_interval, deadline)) is not None:
        await asyncio.sleep(pause)
        current = await client.get_batch(current.id)
    return current


@contextmanager
def keep_batch_ids(*ids: str) -> Iterator[list[str]]:
    """Add a note with the IDs of submitted batches, which are billed, to any exception.

    Yields the list of ids; append those of batches that are submitted within the block.
    """
    submitted = [*ids]
    try:
        yield submitted
    except BaseException as error:
        if submitted:
            error.add_note(f"Submitted batches, whose results remain: {', '.join(submitted)}.")
        raise


def _to_deadline(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _next_pause(poll_interval: float, deadline: float | None) -> float | None:
    """Compute the seconds until the next request; None if the deadline has passed."""
    if deadline is None:
        return poll_interval
    pause = min(poll_interval, deadline - time.monotonic())
    return pause if pause > 0 else None
