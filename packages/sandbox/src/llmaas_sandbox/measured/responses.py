"""Headers and refusals as a measured service sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.errors import Refusal

_ROLES = ("limit", "remaining", "reset")


def rename_rate_limits(
    headers: Mapping[str, str], facts: Mapping[str, Any] | None
) -> Mapping[str, str]:
    """Return the headers about rate limits with their measured names; none if there are none."""
    names = None if facts is None else facts.get("rate_limit_headers")
    if names is None:
        return headers
    values = dict(zip(_ROLES, headers.values(), strict=True))
    found = ((name, _find_role(name)) for name in names)
    return {name: values[role] for name, role in found if role}


def _find_role(name: str) -> str | None:
    rest = name.lower().replace("ratelimit", "")
    return next((role for role in reversed(_ROLES) if role in rest), None)


def shape_refusal(refusal: Refusal, facts: Mapping[str, Any]) -> Refusal:
    """Convert a refusal to the measured status, type and format."""
    body, status, headers = refusal.body, refusal.status, dict(refusal.headers)
    inner = body.get("error")
    if isinstance(inner, dict):
        if inner.get("code") == "model_not_found":
            status = facts.get("model_name_error") or status
        kind = facts.get("key_error_type")
        if status == 401 and kind and kind != "text":
            body = {"error": {**inner, "type": kind}}
        body = _FORMATS.get(str(facts.get("error_format")), dict)(body)
    if status == 429 and facts.get("retry_after"):
        headers.setdefault("retry-after", "1")
    return Refusal(status, body, headers, refusal.invalid)


_FORMATS: Mapping[str, Any] = {
    "detail": lambda body: {"detail": body["error"]["message"]},
    "text": lambda body: {"error": body["error"]["message"]},
}
