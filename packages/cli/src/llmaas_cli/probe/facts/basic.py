"""Facts of any answer: status, error, headers, connection, model list."""

from __future__ import annotations

import re
import time
from typing import Any

from llmaas.raw import to_error
from llmaas_cli.probe.exchange import Exchange, as_dict, dicts

_REFUSALS = (400, 413, 415, 422)
_MISSING = (404, 405, 501)
_KINDS: dict[type, str] = {dict: "object", str: "text", list: "list"}


def error_shape(exchange: Exchange) -> str | None:
    """Where the error is: an object, a text, ``detail``, other JSON, HTML or text."""
    body = exchange.json
    if exchange.response.status < 400:
        return None
    if isinstance(body, dict):
        for name in ("error", "detail"):
            if name in body:
                kind = _KINDS.get(type(body[name]), "other")
                return kind if name == "error" else f"detail {kind}"
        return "other object" if "message" not in body else "bare object"
    return "html" if exchange.response.body.lstrip()[:1] == b"<" else "not JSON"


def error_message(exchange: Exchange) -> str | None:
    """Words of the error."""
    body = as_dict(exchange.json)
    for value in (exchange.error.get("message"), body.get("error"), body.get("detail"),
                  body.get("message")):  # fmt: skip
        if isinstance(value, str):
            return value
    return None


def error_code_kind(exchange: Exchange) -> str:
    """Type of the error's code: ``text``, ``number``, ``null`` or ``absent``."""
    if "code" not in exchange.error:
        return "absent"
    return {str: "text", int: "number", type(None): "null"}.get(
        type(exchange.error["code"]), "other"
    )


def is_ok(exchange: Exchange) -> bool:
    """Whether the answer is complete and neither an error nor a page; a chat has a choice."""
    response = exchange.response
    if not 200 <= response.status < 300 or response.failure or exchange.error:
        return False
    if exchange.request.path.endswith("/chat/completions"):
        return bool(exchange.choice or exchange.deltas)
    return response.body.lstrip()[:1] != b"<"


def error_format(exchange: Exchange) -> str | None:
    """Name the form of errors as a profile does."""
    found = error_shape(exchange) or ""
    if found == "object":
        return "integer_code" if error_code_kind(exchange) == "number" else "object"
    return "detail" if found.startswith("detail") else "text" if found == "text" else None


def key_error_type(exchange: Exchange) -> str | None:
    """Name the type of a key's refusal as a profile does."""
    kind = exchange.error.get("type")
    return kind if isinstance(kind, str) and kind else "text"


def rate_limit_names(exchange: Exchange) -> list[str]:
    """List the names of the rate-limit headers."""
    return sorted(name for name in exchange.response.headers if "ratelimit" in name)


def client_error(exchange: Exchange) -> str | None:
    """Class of the error that the client raises."""
    error = to_error(exchange.request, exchange.response)
    return None if error is None else type(error).__name__


def overflow_window(exchange: Exchange) -> int | None:
    """Context window that the error names, as the client reads it."""
    return getattr(to_error(exchange.request, exchange.response), "window", None)


def window_named(exchange: Exchange) -> int | None:
    """Largest number of an error that could be a window, other than the requested one."""
    if exchange.response.status < 400:
        return None
    if (window := overflow_window(exchange)) is not None:
        return window
    requested = as_dict(exchange.body).get("max_tokens")
    found = [int(n) for n in re.findall(r"\d{3,8}", error_message(exchange) or "")]
    return max((n for n in found if n != requested), default=None)


def retry_after(exchange: Exchange) -> str:
    """Form of ``Retry-After``: seconds, a date, or absent."""
    value = exchange.response.headers.get("retry-after")
    if value is None:
        return "absent"
    return "seconds" if re.fullmatch(r"\d+(\.\d+)?", value) else "date"


def rate_limit_headers(exchange: Exchange) -> str:
    """Names of the rate-limit headers, in one text."""
    return ", ".join(rate_limit_names(exchange))


def reset_form(exchange: Exchange) -> str:
    """Form of the reset header: epoch seconds, seconds from now, other, absent."""
    names = [n for n in exchange.response.headers if "ratelimit-reset" in n]
    if not names:
        return "absent"
    value = exchange.response.headers[names[0]]
    if not re.fullmatch(r"\d+(\.\d+)?", value):
        return "other"
    return "epoch" if float(value) > time.time() / 2 else "seconds"


def list_kinds(exchange: Exchange) -> Any:
    """Entries of a model list."""
    return dicts(as_dict(exchange.json).get("data"))


def created_is_now(exchange: Exchange) -> bool:
    """Whether the entries of the list were created at the time of the request."""
    ages = [abs(time.time() - float(entry.get("created") or 0)) for entry in list_kinds(exchange)]
    return bool(ages) and max(ages) < 86_400


def _names(entry: Any) -> set[str]:
    return {n for n in entry.get("aliases") or () if isinstance(n, str)}


def shared_names(exchange: Exchange) -> int:
    """Names that are an id and also an alias of another entry."""
    entries = list_kinds(exchange)
    ids = {entry.get("id") for entry in entries}
    return sum(len((_names(entry) - {entry.get("id")}) & ids) for entry in entries)


def windows_known(exchange: Exchange) -> str:
    """How many entries state their window: all, some or none."""
    sizes = [bool(entry.get("max_model_len")) for entry in list_kinds(exchange)]
    return "all" if sizes and all(sizes) else "some" if any(sizes) else "none"


FACTS = {
    "status": lambda e: e.response.status,
    "ok": is_ok,
    "failed": lambda e: not e.response.status or bool(e.response.failure),
    "failure": lambda e: e.response.failure,
    "refused": lambda e: e.response.status in _REFUSALS,
    "is_missing": lambda e: e.response.status in _MISSING,
    "is_server_error": lambda e: e.response.status >= 500 and e.response.status != 501,
    "is_json": lambda e: e.json is not None,
    "content_type": lambda e: e.response.headers.get("content-type", "").partition(";")[0],
    "seconds": lambda e: round(e.response.seconds, 1),
    "size": lambda e: len(e.response.body),
    "tls": lambda e: e.response.tls_version or "none",
    "error_shape": error_shape,
    "error_type": lambda e: e.error.get("type"),
    "error_code": lambda e: e.error.get("code"),
    "error_code_kind": error_code_kind,
    "error_param": lambda e: e.error.get("param"),
    "error_message": error_message,
    "client_error": client_error,
    "error_format": error_format,
    "key_error_type": key_error_type,
    "rate_limit_names": rate_limit_names,
    "window_named": window_named,
    "retry_after": retry_after,
    "rate_limit_headers": rate_limit_headers,
    "reset_form": reset_form,
    "entries": lambda e: len(list_kinds(e)),
    "has_aliases": lambda e: any("aliases" in entry for entry in list_kinds(e)),
    "created_is_now": created_is_now,
    "shared_names": shared_names,
    "windows_known": windows_known,
}
