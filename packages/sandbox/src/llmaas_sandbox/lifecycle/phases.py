"""Lifecycle phase of a model at a given time, and the headers that announce it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from llmaas_sandbox.catalog import Model, all_models, find_model, redirects, resolve

NOTICE = timedelta(days=90)
"""The notice that was documented until August 2026, and then withdrawn."""


def current_phase(model: Model, now: float) -> str:
    """Return planned, production, deprecated or retired."""
    today = datetime.fromtimestamp(now, UTC).date()
    released, end = _day(model.released), _day(model.end_of_support)
    if released and released > today:
        return "planned"
    if end and end < today:
        return "retired"
    if model.phase == "deprecated" or (end and end - NOTICE <= today):
        return "deprecated"
    return "production" if model.phase == "production" else "undocumented"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def find_successor(model: Model) -> str | None:
    """Return the name of the model that replaces this one, or None."""
    return redirects().get(model.id) or model.successor


def headers(requested: str, served: Model, now: float) -> Mapping[str, str]:
    """Build ``Deprecation``, ``Sunset`` and ``Link`` headers for deprecated models.

    The service sends none of them (INF); the two first are RFC 9745 and RFC 8594.
    """
    return _headers(requested[:300], served.id, int(now // 86400))


@lru_cache(maxsize=256)
def _headers(requested: str, served: str, day: int) -> Mapping[str, str]:
    model = find_model(requested) or find_model(served)
    if model is None:  # a test model, or one that only the engine knows
        return {}
    moved = requested in redirects()
    if not moved and current_phase(model, day * 86400.0) not in ("deprecated", "retired"):
        return {}
    headers = {"x-sandbox-served-by": served} if moved else {}
    end = _day(model.end_of_support)
    if end:
        moment = datetime(end.year, end.month, end.day, tzinfo=UTC)
        headers["deprecation"] = f"@{int((moment - NOTICE).timestamp())}"
        headers["sunset"] = format_datetime(moment, usegmt=True)
    successor = served if moved else find_successor(model)
    if successor:
        headers["link"] = f'</v1/models#{successor}>; rel="successor-version"'
    return headers


def resolve_supported(name: str, now: float) -> Model | None:
    """Resolve a name under strict end-of-support dates."""
    model = resolve(name)
    seen: set[str] = set()
    while model is not None and current_phase(model, now) == "retired" and model.id not in seen:
        seen.add(model.id)
        successor = find_successor(model)
        model = resolve(successor) if successor else None
    return None if model is None or model.id in seen else model


def build_table(now: float) -> list[dict[str, object]]:
    """List every model with its dates and its phase."""
    return [
        {
            "id": model.id,
            "phase": current_phase(model, now),
            "live": model.live,
            "lts": model.lts,
            "released": model.released,
            "end_of_support": model.end_of_support,
            "successor": find_successor(model),
        }
        for model in sorted(all_models().values(), key=lambda m: m.id)
    ]
