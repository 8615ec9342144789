"""``LLMaaSModelSettings``, and settings as arguments of the core's client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings

PREFIX = "llmaas_"
_SHARED_SETTINGS = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "timeout",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "extra_headers",
    "extra_body",
)
_EFFORTS = {"max": "xhigh"}
"""Levels of ``thinking`` that the core knows by another name."""


class LLMaaSModelSettings(ModelSettings, total=False):
    """Settings of LLMaaS beyond Pydantic AI's own.

    Any other key that begins with ``llmaas_`` goes to the service without the prefix.
    """

    llmaas_reasoning: bool | str
    """False switches reasoning off, True on; ``"minimal"`` to ``"xhigh"`` set the effort. Takes
    precedence over ``thinking``."""
    llmaas_fallbacks: Sequence[str]
    """Models to ask, in order, when the model is gone, overloaded, too small or answers nothing."""
    llmaas_retry_empty: bool
    """Ask once more when an answer is empty."""
    llmaas_fresh: bool
    """Add a nonce to the last user message, so that no gateway replays a cached answer."""
    llmaas_strict: bool
    """Refuse images for a model without vision, instead of warning."""
    llmaas_conform: bool
    """Change the conversation to what the model takes. Defaults to True."""
    llmaas_deadline: float
    """Longest time of the whole call in seconds, retries included."""
    llmaas_logprobs: bool
    llmaas_top_logprobs: int


def call_arguments(
    settings: Mapping[str, Any], parameters: ModelRequestParameters
) -> dict[str, Any]:
    """Convert prepared settings to the arguments of ``chat`` and ``stream``, tools excepted."""
    arguments = {
        name: settings[name] for name in _SHARED_SETTINGS if settings.get(name) is not None
    }
    if stop := settings.get("stop_sequences"):
        arguments["stop"] = stop
    if parameters.thinking is not None:
        arguments["reasoning"] = _EFFORTS.get(str(parameters.thinking), parameters.thinking)
    for name, value in settings.items():
        if name.startswith(PREFIX) and value is not None:
            arguments[name.removeprefix(PREFIX)] = value
    return arguments
