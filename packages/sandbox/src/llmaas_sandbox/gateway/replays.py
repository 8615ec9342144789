"""Whole answers that a gateway's cache keeps and replays."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the exchange holds the state that holds the replays
    from llmaas_sandbox.gateway.exchange import Exchange, Reply

MAX_ANSWERS = 256


class Replays:
    """The last answers by their request; a hit is the same answer, id and ``created`` too."""

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, Reply] = OrderedDict()

    def answer(self, exchange: Exchange, make: Callable[[Exchange], Reply]) -> Reply:
        """Return the kept answer, or make one and keep it; the header ``x-cache`` tells which."""
        kept = self._answers.get(exchange.gist)
        if kept is not None:
            exchange.give_step_back()
            return replace(kept, headers={**kept.headers, "x-cache": "hit"})
        made = make(exchange)
        self._answers[exchange.gist] = made
        while len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
        return replace(made, headers={**made.headers, "x-cache": "miss"})

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
