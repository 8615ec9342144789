"""Requests checked by what was measured: parameters that a model refuses or ignores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.embeddings.vectors import FIXED
from llmaas_sandbox.errors import bad_request

_REFUSED, _IGNORED = "refused", "ignored"
_LIMITS = ("max_tokens", "max_completion_tokens")
_EFFORT = "reasoning_effort"


def accept_chat(body: dict[str, Any], model: Model) -> dict[str, Any]:
    """Return a chat's body as the model reads it: without what it ignores.

    Raises a refusal (400) for what it refuses.
    """
    facts = model.measured
    if body.get("tools") and facts.get("tools") is False:
        raise bad_request(f"{model.id} does not support tools", "tools")
    ignored = {
        *_check_parameters(body, facts.get("parameters") or {}),
        *_check_format(body.get("response_format"), facts.get("response_formats") or {}),
        *_check_choice(body.get("tool_choice"), facts.get("tool_choices") or {}),
    }
    _check_limit(body, facts)
    read = {name: value for name, value in body.items() if name not in ignored}
    default = facts.get("default_max_tokens")
    if default and not any(body.get(name) for name in _LIMITS):
        read["max_tokens"] = default
    return read


def _check_parameters(body: Mapping[str, Any], verdicts: Mapping[str, str]) -> list[str]:
    """Refuse parameters; return those that are ignored."""
    for name, verdict in verdicts.items():
        if verdict == _REFUSED and body.get(name) is not None:
            raise bad_request(f"Unsupported parameter '{name}'", name)
    return [name for name, verdict in verdicts.items() if verdict == _IGNORED]


def _check_format(form: Any, verdicts: Mapping[str, str]) -> list[str]:
    kind = form.get("type") if isinstance(form, Mapping) else None
    verdict = verdicts.get(str(kind))
    if verdict == _REFUSED:
        raise bad_request(f"response_format '{kind}' is not supported", "response_format")
    return ["response_format"] if verdict == _IGNORED else []


def _check_choice(choice: Any, verdicts: Mapping[str, str]) -> list[str]:
    form = "named" if isinstance(choice, Mapping) else choice
    verdict = verdicts.get(str(form))
    if verdict == _REFUSED:
        raise bad_request(f"tool_choice '{form}' is not supported", "tool_choice")
    return ["tool_choice"] if verdict == _IGNORED else []


def _check_limit(body: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    most = facts.get("max_output_tokens")
    name = next((n for n in _LIMITS if isinstance(body.get(n), int)), None)
    if most and name and body[name] > most:
        raise bad_request(
            f"{name} is too large: {body[name]}. This model supports at most {most} completion "
            "tokens.",
            name,
        )


def turns_reasoning_off(body: Mapping[str, object], facts: Mapping[str, object]) -> bool | None:
    """Whether a request turns reasoning off in the measured way; None if it is unknown."""
    switch = facts.get("reasoning_switch")
    if switch is None:
        return None
    if switch == _EFFORT:
        return body.get(_EFFORT) == "none"
    place, _, name = str(switch).rpartition(".")
    fields = body.get(place) if place else body
    return isinstance(fields, Mapping) and fields.get(name) is False


def check_inputs(texts: list[str], facts: Mapping[str, Any]) -> None:
    """Refuse more texts in an embedding request than were measured."""
    most = facts.get("embedding_batch_limit")
    if most and len(texts) > most:
        raise bad_request(f"Invalid parameter 'input': at most {most} strings", "input")


def check_dimensions(requested: int, model: Model) -> None:
    """Refuse a size of vectors that the model was not trained for, as vLLM does.

    A model that was trained for one size only refuses that size, too.
    """
    facts = model.measured
    known = facts.get("shorter_dimensions")
    if facts.get("accepts_dimensions", model.id not in FIXED) is False:
        raise bad_request(
            f'Model "{model.id}" does not support matryoshka representation, changing output '
            "dimensions will lead to poor results.",
            "dimensions",
        )
    if known and requested not in known:
        raise bad_request(
            f'Model "{model.id}" only supports Matryoshka dimensions {list(known)}, '
            f"got {requested}.",
            "dimensions",
        )


def check_documents(documents: list[Any], facts: Mapping[str, Any]) -> None:
    """Refuse more documents in a rerank request than were measured."""
    most = facts.get("rerank_document_limit")
    if most and len(documents) > most:
        raise bad_request(f"Invalid parameter 'documents': at most {most} strings", "documents")
