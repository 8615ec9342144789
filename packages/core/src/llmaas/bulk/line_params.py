"""Parameters and model of a single line of a bulk run."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from llmaas._once import OncePerKey
from llmaas.options import ChatOptions

_logger = logging.getLogger("llmaas")
_OWN = frozenset({"body", "custom_id", "id", "messages", "method", "model", "params", "prompt"})
"""Fields of a line that are not parameters."""
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
"""Parameters accepted beside the prompt; "params" accepts any."""
_IGNORED_FIELDS = OncePerKey(limit=100)
"""Fields that this process was warned about."""


def read_params(
    line: Mapping[str, object], body: Mapping[str, object] | None
) -> tuple[dict[str, object], str | None]:
    """Extract the parameters and the model of a line.

    Raises ``ValueError`` for values that cannot be honored; logs fields that are ignored.
    """
    url = line.get("url")
    if url is not None and not str(url).endswith("/chat/completions"):
        raise ValueError(f"url must be /v1/chat/completions, got {url!r}")
    own = line.get("params")
    if own is not None and not isinstance(own, Mapping):
        raise ValueError(f'"params" must be an object, got {type(own).__name__}')
    params = {**_read_fields(line), **dict(own or {})}
    if body is not None:
        params |= {k: v for k, v in body.items() if k not in ("messages", "prompt")}
    models = {*(m for m in (params.pop("model", None), line.get("model")) if m is not None)}
    return _validate(params), _single_model(models)


def _read_fields(line: Mapping[str, object]) -> dict[str, object]:
    """Extract the parameters beside the prompt; warn once about each other field."""
    others = [name for name in line if name not in _OWN and name not in ("url", "stream")]
    unknown = [name for name in others if name not in _KNOWN]
    for name in unknown:
        if _IGNORED_FIELDS.add(name):
            _logger.warning(
                "bulk: field %r beside a prompt is not a parameter and is ignored; "
                'put it into "params" to send it',
                name,
            )
    found = {name: line[name] for name in others if name in _KNOWN}
    return {**found, **({"stream": line["stream"]} if "stream" in line else {})}


def _validate(params: dict[str, object]) -> dict[str, object]:
    if params.pop("stream", None):
        raise ValueError("stream must be false: results are written whole")
    for name in ("messages", "prompt"):
        if name in params:
            raise ValueError(f'"{name}" must be beside "params", not in it')
    return params


def _single_model(models: set[object]) -> str | None:
    if len(models) > 1:
        raise ValueError(f"a line must name one model, got {sorted(map(str, models))}")
    model = next(iter(models), None)
    if model is not None and not (isinstance(model, str) and model):
        raise ValueError(f"model must be a non-empty string, got {model!r}")
    return model
