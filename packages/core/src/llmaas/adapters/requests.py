"""Checks and conversions of requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas._errors_base import InvalidInputError
from llmaas.messages import ascii_name
from llmaas.ops.refusals import may_concern_a_text
from llmaas.wire.chat import requests_several_choices

__all__ = ["ascii_name", "may_concern_a_text", "reject_multiple_choices"]


def reject_multiple_choices(params: Mapping[str, Any], reason: str) -> None:
    """Raise ``InvalidInputError`` (a ``ValueError``) if parameters of a chat have ``n`` above 1.

    ``n`` may also stand in ``extra_body``. The message ends with ``reason``: what the framework
    cannot hold, and the alternative.
    """
    if requests_several_choices(params):
        count = (params.get("extra_body") or {}).get("n") or params.get("n")
        raise InvalidInputError(f"n must be 1, got {count!r}: {reason}")
