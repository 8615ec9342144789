"""Errors within the events and bodies of successful responses."""

from __future__ import annotations

from collections.abc import Mapping


def find_error(chunk: Mapping[str, object]) -> Mapping[str, object] | None:
    """Find an error in any recorded format (reference 9.2)."""
    error = chunk.get("error")
    if not error and chunk.get("object") == "error":
        error = chunk
    if not error and "choices" not in chunk:
        error = _find_bare_error(chunk)
    if not error and "detail" in chunk and not chunk.get("choices"):
        detail = chunk["detail"]
        error = detail.get("error", detail) if isinstance(detail, dict) else detail
    if not error:
        return None
    if not isinstance(error, dict):
        return {"message": str(error)}
    inner = error.get("error")
    return inner if isinstance(inner, dict) and len(error) == 1 else error


def _find_bare_error(chunk: Mapping[str, object]) -> object:
    """Find an error in a list, or a body that is an error itself (gateways)."""
    errors = chunk.get("errors")
    if isinstance(errors, list) and errors:
        return errors[0]
    code, kind = chunk.get("code"), chunk.get("type")
    is_error = (
        chunk.get("status") in ("error", "failed")
        or chunk.get("success") is False
        or (isinstance(code, int) and code >= 400)
        or (isinstance(kind, str) and "error" in kind.lower())
    )
    return chunk if is_error and isinstance(chunk.get("message"), str) else None
