"""Model settings and their conversion to arguments of the client."""

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
"""Levels of ``thinking`` with another name in the client."""


class LLMaaSModelSettings(ModelSettings, total=False):
    """Settings of LLMaaS in addition to Pydantic AI's.

    Any other key with the prefix ``llmaas_`` is sent to the service without the prefix.
    """

    llmaas_reasoning: bool | str
    """False disables reasoning, True enables it; ``"minimal"`` to ``"xhigh"`` set the effort. Takes
    precedence over ``thinking``."""
    llmaas_fallbacks: Sequence[str]
    """Models to try in order if the model is gone, overloaded, too small or returns nothing."""
    llmaas_retry_empty: bool
    """Whether the request is repeated once if the answer is empty."""
    llmaas_fresh: bool
    """Whether a nonce is added to the last user message, so that no gateway replays an answer."""
    llmaas_strict: bool
    """Whether images for a model without vision raise an error instead of a warning."""
    llmaas_conform: bool
    """Whether the conversation is adapted to what the model accepts. Defaults to True."""
    llmaas_deadline: float
    """Maximum seconds of a call including retries."""
    llmaas_logprobs: bool
    llmaas_top_logprobs: int


def call_arguments(
    settings: Mapping[str, Any], parameters: ModelRequestParameters
) -> dict[str, Any]:
    """Convert prepared settings to the arguments of ``chat`` and ``stream``, except tools."""
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
