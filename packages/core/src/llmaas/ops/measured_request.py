"""Requests without what the client's profile knows to be refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from llmaas._errors_base import InvalidInputError
from llmaas.catalog.facts import find_measured, get_facts
from llmaas.catalog.model_facts import ModelProfile
from llmaas.catalog.profile import Profile
from llmaas.catalog.profile_checks import HONORED, IGNORED, REFUSED
from llmaas.types import Adjustment
from llmaas.warnings import IgnoredOptionWarning, warn
from llmaas.wire.usage import RATE_LIMIT_NAMES

KIND = "profile"
_OWN = frozenset({"stream_options"})
"""Parameters that the client sends by itself: nobody misses them."""
_Fitted = tuple[dict[str, Any], tuple[Adjustment, ...]]


def fit_to_profile(
    body: dict[str, object], profile: Profile, *, kept: Collection[str] = (), strict: bool = False
) -> _Fitted:
    """Return a chat's body without what the model refuses, and notes of the changes.

    ``kept`` are parameters to send in any case. Raises ``InvalidInputError`` for tools that the
    model refuses, and for any refused parameter with ``strict``.
    """
    model = str(body["model"])
    measured = get_facts(model, profile).measured
    if measured is None:
        return body, ()
    if measured.tools is False and body.get("tools"):
        raise InvalidInputError(
            f"tools: {model} does not accept tools, as measured on {profile.measured}. Choose "
            "another model, or measure again with `llmaas probe --save`."
        )
    changed, notes = _without_refused(body, measured, kept, profile, strict=strict)
    if "tool_choice" in changed:
        changed = _with_accepted_choice(changed, measured)
    return changed, notes


def _without_refused(
    body: dict[str, Any],
    measured: ModelProfile,
    kept: Collection[str],
    profile: Profile,
    *,
    strict: bool,
) -> _Fitted:
    found = {n: v for n, v in measured.parameters.items() if n in body and n not in kept}
    refused = [name for name, verdict in found.items() if verdict == REFUSED]
    warned = [n for n, v in found.items() if v in (REFUSED, IGNORED) and n not in _OWN]
    notes = []
    for name in warned:
        text = _describe(name, body["model"], profile, is_sent=name not in refused)
        if strict and name in refused:
            raise InvalidInputError(f"{name}: {text}")
        if name in refused:
            warn(text, IgnoredOptionWarning)
        notes.append(Adjustment(KIND, text))
    left = {name: value for name, value in body.items() if name not in refused}
    return (left if refused else body), tuple(notes)


def _describe(name: str, model: str, profile: Profile, *, is_sent: bool) -> str:
    what = "ignores" if is_sent else "refuses"
    end = "." if is_sent else "; it was left out."
    return f"{model} {what} the parameter {name}, as measured on {profile.measured}{end}"


def _with_accepted_choice(body: dict[str, Any], measured: ModelProfile) -> dict[str, object]:
    """Replace a refused ``tool_choice`` by one of the same effect, where there is one."""
    choice, verdicts = body["tool_choice"], measured.tool_choices
    form = "named" if isinstance(choice, Mapping) else choice
    if verdicts.get(form) != REFUSED:
        return body
    if form == "named" and verdicts.get("required") == HONORED:
        return {**body, "tools": _only(body["tools"], choice), "tool_choice": "required"}
    if form == "none":  # without tools, none can be called
        return {name: body[name] for name in body if name not in ("tools", "tool_choice")}
    if form == "required" and verdicts.get("auto") == HONORED:
        return {**body, "tool_choice": "auto"}
    return body


def _only(tools: Any, choice: Mapping[str, Any]) -> list[Any]:
    name = (choice.get("function") or {}).get("name")
    return [tool for tool in tools if (tool.get("function") or {}).get("name") == name]


def enforces(response_format: Mapping[str, Any], model: str, profile: Profile | None) -> bool:
    """Tell whether a ``response_format`` may have an effect: it was not measured to have none."""
    if profile is None:
        return True
    measured = get_facts(model, profile).measured
    kind = str(response_format.get("type"))
    return measured is None or measured.response_formats.get(kind, HONORED) == HONORED


def batch_limit(model: str, profile: Profile | None, size: int) -> int:
    """Return how many texts an embedding request may have, ``size`` at most."""
    measured = find_measured(model, profile)
    return min(size, (measured and measured.embedding_batch_limit) or size)


def fit_embedding(
    params: dict[str, object], model: str, profile: Profile | None
) -> dict[str, object]:
    """Return the parameters of an embedding request without what the model refuses."""
    measured = find_measured(model, profile)
    if measured is None:
        return params
    left = {n: v for n, v in params.items() if measured.parameters.get(n) != REFUSED}
    if left.get("encoding_format") == "base64" and measured.accepts_base64 is False:
        left["encoding_format"] = "float"
    return left


def document_limit(model: str, profile: Profile | None) -> int | None:
    """Return how many documents a rerank request may have, None if it is unknown."""
    measured = find_measured(model, profile)
    return None if measured is None else measured.rerank_document_limit


def rerank_version(profile: Profile | None) -> int | None:
    """Return the version of the only rerank path, None if it is unknown."""
    path = None if profile is None else profile.rerank_path
    return None if path is None else int(path[2])


def rate_limit_names(profile: Profile | None) -> Sequence[str]:
    """Return the header names of the limit, of what remains and of the reset."""
    if profile is None or not profile.rate_limit_headers:
        return RATE_LIMIT_NAMES
    return [_find(word, profile.rate_limit_headers) for word in ("limit", "remaining", "reset")]


def _find(word: str, names: Sequence[str]) -> str:
    """Find the first name with a word; ``ratelimit`` is in all of them."""
    return next((name for name in names if word in name.replace("ratelimit", "")), "")
