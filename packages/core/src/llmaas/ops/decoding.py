"""The decoder of an answer, set up from its request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from llmaas._headers import Headers
from llmaas.ops import model_profile
from llmaas.ops.measured_request import rate_limit_names
from llmaas.settings import Settings
from llmaas.wire.accumulator import Context
from llmaas.wire.chat import turns_reasoning_off
from llmaas.wire.decode import ChatDecoder


def decoder_for(
    settings: Settings, body: Mapping[str, Any], reply: Any, resends: int
) -> ChatDecoder:
    """Build the decoder of a reply to a request with this body."""
    model, thinks = str(body["model"]), not turns_reasoning_off(body)
    return ChatDecoder(
        Context(
            requested_model=model,
            headers=Headers.without_secrets(reply.headers, settings.known_secrets),
            seed=os.urandom(16).hex(),  # a tenth of the cost of a uuid
            hold=model_profile.buffer_size(settings, model) if thinks else 0,
            may_lack_opening_tag=thinks and model_profile.may_begin_unopened(settings, model),
            choices=_whole(body.get("n")),
            resends=resends,
            tools=body.get("tools") or (),
            tool_choice=body.get("tool_choice"),
            max_tokens=_limit(body),
            rate_limit_names=rate_limit_names(settings.profile),
        ),
        settings.limits.event,
    )


def _limit(body: Mapping[str, object]) -> int | None:
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    return limit if isinstance(limit, int) else None


def _whole(n: object) -> int:
    return n if isinstance(n, int) and n > 1 else 1
