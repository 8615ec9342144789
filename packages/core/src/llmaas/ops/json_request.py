"""Requests with a JSON response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from llmaas._errors_base import InvalidInputError
from llmaas._redaction import HiddenHeaders
from llmaas.ops import model_profile
from llmaas.ops.checks import check_extra_body
from llmaas.ops.effects import Operation
from llmaas.ops.encoding import encode
from llmaas.ops.retrying import JSON, Deadline, EndpointRequest, RetryState, send_and_read
from llmaas.settings import Settings, Timeout
from llmaas.types import Completion, LiveModel
from llmaas.wire.failures import ErrorEvent, InvalidBody
from llmaas.wire.json_codec import loads

T = TypeVar("T")

_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""Errors that a reader raises for an unexpected body."""


def request_json(
    settings: Settings,
    path: str,
    body: Mapping[str, Any] | None,
    read: Callable[[bytes, Mapping[str, str]], T],
    *,
    method: str = "POST",
    raw: bytes | None = None,
    content_type: str = "",
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | HiddenHeaders | None = None,
) -> Operation[T]:
    """Send a body (``raw`` bytes unchanged) and parse the response with ``read``.

    An error of ``read`` becomes ``InvalidResponseError``.
    """
    extra_headers = settings.hide(extra_headers)
    retries = RetryState(settings, timeout, deadline)
    headers = {"content-type": content_type} if content_type else JSON
    request = EndpointRequest(
        path,
        raw if body is None else encode(merge_extra_body(body)),
        method,
        {**headers, **extra_headers},
        model=None if body is None else body.get("model"),
    )
    data, reply_headers = yield from send_and_read(retries, request)
    try:
        return read(data, reply_headers)
    except _UNREADABLE as error:
        failure = _invalid_response(settings, path, data, reply_headers, error)
    # No variable holds what the service may have echoed: tools print those of frames.
    del data, reply_headers
    raise failure


def without_none(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that are set."""
    return {name: value for name, value in fields.items() if value is not None}


def merge_extra_body(fields: Mapping[str, object]) -> dict[str, object]:
    """Merge ``extra_body`` into the fields of a request."""
    merged = dict(fields)
    extra = merged.pop("extra_body", None)
    return merged if extra is None else {**merged, **check_extra_body(extra)}


def _invalid_response(
    settings: Settings, path: str, data: bytes, headers: Mapping[str, str], error: Exception
) -> Exception:
    from llmaas._error_factory import error_in_stream

    fault: ErrorEvent | InvalidBody = InvalidBody(_reason(data, error), data)
    try:
        body = loads(data)
        if isinstance(body, Mapping) and body.get("error"):
            fault = ErrorEvent(
                body["error"] if isinstance(body["error"], Mapping) else {"message": body["error"]},
                Completion(None, "", ()),
            )
    except ValueError:
        pass
    return error_in_stream(
        fault, headers=headers, url=settings.root + path, secrets=settings.secrets
    )


def _reason(data: bytes, error: Exception) -> str:
    if not data.strip():
        return "the body is empty"
    return "it is HTML" if data.lstrip()[:1] == b"<" else str(error)


LIST_SECONDS = 30.0
"""Default deadline of the list, which took over 60 s in recorded runs."""


def models(
    settings: Settings, *, deadline: float | Deadline | None = None
) -> Operation[list[LiveModel]]:
    """List the models of the key. ``deadline`` defaults to 30 s, capped at the client's."""
    if deadline is None:
        deadline = min(LIST_SECONDS, settings.deadline or LIST_SECONDS)

    def read(data: bytes, _: Mapping[str, str]) -> list[LiveModel]:
        entries = loads(data)["data"]
        return [_live_model(entry) for entry in entries]

    return (
        yield from request_json(settings, "/v1/models", None, read, method="GET", deadline=deadline)
    )


def _live_model(entry: Mapping[str, Any]) -> LiveModel:
    name, size = entry["id"], entry.get("max_model_len")
    if not isinstance(name, str) or not name:
        raise ValueError("a model of it has no id")
    return LiveModel(
        id=name,
        root=_name(entry.get("root")),
        aliases=tuple(alias for alias in entry.get("aliases") or () if _name(alias)),
        context_tokens=size if isinstance(size, int) and size > 0 else None,
        owned_by=_name(entry.get("owned_by")),
    )


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def check_texts(texts: Any, name: str) -> list[str]:
    """Return a list of strings; raise ``InvalidInputError`` for other values."""
    if isinstance(texts, str):
        return [texts]
    checked: list[str] = list(texts)
    for position, text in enumerate(checked):
        if not isinstance(text, str):
            hint = ""
            if isinstance(text, int | list | tuple):
                hint = " Token ids are not accepted by the service: send the text itself."
            raise InvalidInputError(
                f"{name} {position} must be a string, got {type(text).__name__}.{hint}"
            )
    return checked


def check_model_name(settings: Settings, model: str) -> str:
    """Check a model name and return it."""
    model_profile.check_model(settings, model)
    return model
