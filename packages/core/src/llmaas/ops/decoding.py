"""The decoder of an answer, set up from its request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from llmaas.headers import Headers
from llmaas.ops import advice
from llmaas.wire.assemble import Context
from llmaas.wire.chat import turns_reasoning_off
from llmaas.wire.decode import ChatDecoder

if TYPE_CHECKING:
    from llmaas.ops.chat import Ask


def decoder_for(ask: Ask, reply: Any) -> ChatDecoder:
    """Return the decoder of a reply, which knows what was asked."""
    thinks = not turns_reasoning_off(ask.body)
    return ChatDecoder(
        Context(
            requested_model=ask.model,
            headers=Headers.without_secrets(reply.headers, ask.settings.known_secrets),
            seed=os.urandom(16).hex(),  # a tenth of the cost of a uuid
            hold=advice.hold_for(ask.settings, ask.model) if thinks else 0,
            may_be_unopened=thinks and advice.may_begin_unopened(ask.settings, ask.model),
            choices=_whole(ask.body.get("n")),
            resends=ask.patience.resends,
            tools=ask.body.get("tools") or (),
            tool_choice=ask.body.get("tool_choice"),
            max_tokens=_limit(ask.body),
        ),
        ask.settings.limits.event,
    )


def _limit(body: Mapping[str, Any]) -> int | None:
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    return limit if isinstance(limit, int) else None


def _whole(n: Any) -> int:
    return n if isinstance(n, int) and n > 1 else 1
