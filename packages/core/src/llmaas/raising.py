"""From plain failures and faults to the exceptions of ``errors``.

Imported only once something has failed: it brings ``openai`` with it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from llmaas import errors
from llmaas.wire.envelope import ErrorBody, from_mapping, read_error_body, status_in
from llmaas.wire.faults import Cut, ErrorEvent, Failure, Fault, TransportFailure
from llmaas.wire.retry import retry_after
from llmaas.wire.usage import parse_backend

_BY_STATUS: dict[int, type[errors.APIStatusError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.PayloadTooLargeError,
    422: errors.UnprocessableEntityError,
    429: errors.RateLimitError,
}
_BY_KIND: dict[str, type[errors.APIError]] = {
    "timeout": errors.APITimeoutError,
    "deadline": errors.DeadlineExceededError,
}
_TLS_HINT = "The certificate is not trusted here: set LLMAAS_CA_BUNDLE if your network has its own."
_REDIRECT_HINT = "The address redirects, and a key is never sent to another one: check base_url."
_CONTEXT_WORDS = ("context length", "context window", "context_length", "maximum context")
_BLOCK_WORDS = ("blocked for security", "content_filter", "content filter", "prompt blocked")


def error_of(failure: Failure, *, model: str | None = None, secret: str = "") -> errors.APIError:
    """Make the error of a failed request; ``secret`` is scrubbed from all that it carries."""
    if isinstance(failure, TransportFailure):
        return _of_transport(failure, secret)
    content = _without(failure.body, secret)
    body = read_error_body(content)
    kind = _kind(failure.status, body)
    return kind.build(
        f"{failure.status}: {body.message or 'no message'}",
        status_code=failure.status,
        method=failure.method,
        url=failure.url,
        headers=dict(failure.headers),
        content=content,
        request_id=failure.headers.get("x-request-id"),
        retry_after=retry_after(failure, now=time.time()),
        hint=_hint(kind, failure.status, model),
        **_facts(body),
    )


def error_in_stream(
    fault: Fault, *, headers: Mapping[str, str], url: str = "", secret: str = ""
) -> errors.APIError:
    """Make the error of an answer that began with 200 and is none, or broke off."""
    facts: dict[str, Any] = {"headers": dict(headers), "request_id": headers.get("x-request-id")}
    facts["url"] = url
    if isinstance(fault, Cut):
        return _of_cut(fault, facts)
    if isinstance(fault, ErrorEvent):
        body = from_mapping(_scrubbed(fault.error, secret))
        return errors.StreamError.build(
            f"The service reported: {body.message}",
            completion=fault.partial,
            status_code=status_in(fault.error),
            **facts,
            **_facts(body),
        )
    content = _without(fault.body, secret)
    excerpt = content[:200].decode("utf-8", "replace")
    return errors.InvalidResponseError.build(
        f"The service said 200, but {fault.reason}."
        + (f" It begins: {excerpt}" if excerpt else ""),
        content=content,
        body=excerpt,
        **facts,
    )


def _of_cut(fault: Cut, facts: dict[str, Any]) -> errors.APIError:
    late = fault.cause is not None and fault.cause.kind in ("timeout", "deadline")
    kind = errors.StreamTimeoutError if late else errors.StreamInterrupted
    reason = fault.reason.rstrip(".")
    error = kind.build(f"The answer ended early: {reason}.", completion=fault.partial, **facts)
    error.__cause__ = fault.cause.cause if fault.cause is not None else None
    return error


def _of_transport(failure: TransportFailure, secret: str) -> errors.APIError:
    kind = _BY_KIND.get(failure.kind, errors.APIConnectionError)
    message = failure.message.replace(secret, "***") if secret else failure.message
    error = kind.build(
        message,
        method=failure.method,
        url=failure.url,
        reached=failure.kind not in ("connect", "tls"),
        hint=_TLS_HINT if failure.kind == "tls" else None,
    )
    error.__cause__ = failure.cause
    return error


def _kind(status: int, body: ErrorBody) -> type[errors.APIStatusError]:
    words = f"{body.message} {body.code} {body.type}".lower()
    if status == 403 and any(word in words for word in _BLOCK_WORDS):
        return errors.PromptBlockedError
    if status in (400, 404) and _is_about_model(body, words):
        return errors.ModelNotFoundError  # the service's own pages disagree on 400 or 404
    if status == 400 and any(word in words for word in _CONTEXT_WORDS):
        return errors.ContextOverflowError
    if status >= 500:
        return errors.InternalServerError
    return _BY_STATUS.get(status, errors.APIStatusError)


def _is_about_model(body: ErrorBody, words: str) -> bool:
    if body.code == "model_not_found" or "model not found" in words:
        return True
    return "model" in words and ("does not exist" in words or "n'existe pas" in words)


def _hint(kind: type[errors.APIStatusError], status: int, model: str | None) -> str | None:
    if 300 <= status < 400:
        return _REDIRECT_HINT
    if kind is errors.ModelNotFoundError and model:
        return _successor_hint(model)
    if kind is errors.PermissionDeniedError and model:
        return f"The key may lack permission for {model!r}: see its rights in the Console."
    return None


def _successor_hint(model: str) -> str | None:
    from llmaas import catalog

    known = catalog.get(model)
    if known is None or not known.successor:
        return None
    return f"{model} is {known.phase}; its successor is {known.successor}."


def _facts(body: ErrorBody) -> dict[str, Any]:
    return {
        "body": body.raw,
        "code": body.code,
        "type": body.type,
        "param": body.param,
        "backend": parse_backend(body.backend),
    }


def _without(content: bytes, secret: str) -> bytes:
    return content.replace(secret.encode(), b"***") if secret else content


def _scrubbed(error: Mapping[str, Any], secret: str) -> Mapping[str, Any]:
    if not secret:
        return error
    return {
        key: value.replace(secret, "***") if isinstance(value, str) else value
        for key, value in error.items()
    }
