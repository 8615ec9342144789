"""The parameters and the model that a line of a bulk run names for itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from llmaas.options import ChatOptions

_logger = logging.getLogger("llmaas")
_OWN = frozenset({"body", "custom_id", "id", "messages", "method", "model", "params", "prompt"})
"""Fields of a line that are no parameters."""
_MORE = frozenset(
    {
        "chat_template_kwargs",
        "logit_bias",
        "max_completion_tokens",
        "min_p",
        "min_tokens",
        "parallel_tool_calls",
        "reasoning",
        "repetition_penalty",
        "top_k",
    }
)
_KNOWN = frozenset(ChatOptions.__annotations__) | _MORE
"""Parameters that may stand beside the prompt. In "params" any may."""
_ignored: set[str] = set()
_MOST_TOLD = 100


def read_params(
    line: Mapping[str, Any], body: Mapping[str, Any] | None
) -> tuple[dict[str, Any], str | None]:
    """Return the parameters and the model of a line.

    Raises ``ValueError`` for what cannot be honored; nothing is dropped without a word.
    """
    url = line.get("url")
    if url is not None and not str(url).endswith("/chat/completions"):
        raise ValueError(f"url must be /v1/chat/completions, got {url!r}")
    given = line.get("params")
    if given is not None and not isinstance(given, Mapping):
        raise ValueError(f'"params" must be an object, got {type(given).__name__}')
    params = {**_beside(line), **dict(given or {})}
    if body is not None:
        params |= {k: v for k, v in body.items() if k not in ("messages", "prompt")}
    models = {*(m for m in (params.pop("model", None), line.get("model")) if m is not None)}
    return _checked(params), _single(models)


def _beside(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that stand beside the prompt; tell of fields that are none."""
    others = [name for name in line if name not in _OWN and name not in ("url", "stream")]
    unknown = [name for name in others if name not in _KNOWN]
    for name in unknown:
        if name not in _ignored and len(_ignored) < _MOST_TOLD:
            _ignored.add(name)
            _logger.warning(
                "bulk: field %r beside a prompt is not a parameter and is ignored; "
                'what the model must get belongs into "params"',
                name,
            )
    found = {name: line[name] for name in others if name in _KNOWN}
    return {**found, **({"stream": line["stream"]} if "stream" in line else {})}


def _checked(params: dict[str, Any]) -> dict[str, Any]:
    if params.pop("stream", None):
        raise ValueError("stream must be false: results are written whole")
    for name in ("messages", "prompt"):
        if name in params:
            raise ValueError(f'"{name}" belongs beside "params", not into it')
    return params


def _single(models: set[Any]) -> str | None:
    if len(models) > 1:
        raise ValueError(f"model must be one, got {sorted(map(str, models))}")
    model = next(iter(models), None)
    if model is not None and not (isinstance(model, str) and model):
        raise ValueError(f"model must be a name, got {model!r}")
    return model
