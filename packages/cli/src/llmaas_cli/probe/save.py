"""Profile of a service from the results of its probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from llmaas.catalog import Profile
from llmaas_cli.probe.report import Report
from llmaas_cli.probe.selection import Models, get_kind

_OF_SERVICE = frozenset(each.name for each in fields(Profile))
_CATEGORIES = frozenset(("chat", "embedding", "rerank", "transcription", "speech", "image"))
_STRICTER = {"conversation_rules.extra_fields": False}
"""Values that win where two probes measure the same fact."""


def to_profile(report: Report, models: Models) -> Profile:
    """Build the profile of a run: only what its probes measured."""
    service: dict[str, Any] = {}
    by_model: dict[str, dict[str, Any]] = {}
    for result in report.results:
        for name, value in result.learned.items():
            known = service if name in _OF_SERVICE else by_model.setdefault(result.model, {})
            if name not in known or known[name] != _STRICTER.get(name):
                known[name] = value
    profile = Profile(
        measured=report.measured.date(),
        address=urlsplit(report.address).hostname or report.address,
        engine=_engine(models),
        notes={"contradicted": sorted({r.probe for r in report.results if _is_against(r)})},
        **service,
    )
    for model in dict.fromkeys((*models.listed, *by_model)):
        profile = profile.with_facts(
            model, **{**_describe_model(model, models), **nest(by_model.get(model, {}))}
        )
    return profile


def _is_against(result: Any) -> bool:
    return str(result.verdict) == "contradicted"


def _engine(models: Models) -> str | None:
    """Name the engine, where the list shows it: vLLM's own list names vLLM as the owner."""
    owners = {entry.owned_by for entry in models.listed.values()}
    return "vllm" if owners == {"vllm"} else None


def _describe_model(model: str, models: Models) -> dict[str, object]:
    entry = models.listed.get(model)
    kinds = (kind for kind, names in models.by_kind.items() if model in names)
    kind = next(kinds, "") or get_kind(model)
    return {
        "context_window": (entry.context_tokens if entry else None) or None,
        "aliases": tuple(n for n in (entry.aliases if entry else ()) if n != model),
        "category": kind if kind in _CATEGORIES else None,
    }


def nest(facts: Mapping[str, object]) -> dict[str, Any]:
    """Convert dotted names to nested mappings: ``tool_choices.required``."""
    nested: dict[str, Any] = {}
    for name, value in facts.items():
        head, _, rest = name.partition(".")
        if rest:
            nested.setdefault(head, {})[rest] = value
        else:
            nested[head] = value
    return nested
