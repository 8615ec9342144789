"""Factory of the exceptions of ``errors`` from transport failures and response faults.

Imported only after a failure, because it imports ``openai``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from llmaas import errors
from llmaas._error_facts import ErrorFacts
from llmaas._redaction import Redactor
from llmaas.catalog import state as catalog
from llmaas.wire.error_body import ErrorBody, from_mapping, read_error_body, status_in
from llmaas.wire.failures import (
    ErrorEvent,
    Failure,
    ResponseFault,
    TransportFailure,
    TruncatedResponse,
)
from llmaas.wire.overflow import is_overflow, parse_overflow
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
    "size": errors.InvalidResponseError,
}
_TLS_HINT = (
    "The certificate is not trusted. Set LLMAAS_CA_BUNDLE if your network has its own authority."
)
_PROXY_HINT = "Check the proxy (proxy= or HTTPS_PROXY) and its user and password."
_SIZE_HINT = "If you expect such answers, raise the limit: LLMaaS(limits=Limits(...))."
_HINTS = {"tls": _TLS_HINT, "proxy": _PROXY_HINT, "size": _SIZE_HINT}
_OLD_TLS_HINT = (
    "The server, or a proxy before it, supports only versions older than TLS 1.2. Update it."
)
_REDIRECT_HINT = (
    "The address redirects, and the key is not sent to another address. Check base_url."
)
_REFUSED_FOR_LENGTH = frozenset({400, 413, 422, 500})
_NO_MODEL = ("model not found", "unknown model", "no such model", "not a valid model")
_SPLIT_HINT = "Split the text into shorter chunks"
_TEXT_PATHS = ("/embeddings", "/rerank")
"""Ends of the paths that accept texts, not a conversation."""
_FEWER_HINT = "Send fewer texts in a request (batch_size), or split them into shorter chunks."
_GONE = ("does not exist", "n'existe pas", "not found", "no longer", "retired", "not available")
"""Phrases for a model that is not served; in a 400, those after the second may mean a parameter."""
_BLOCK_WORDS = ("blocked for security", "content_filter", "content filter", "prompt blocked")


def build_error(
    failure: Failure,
    *,
    model: str | None = None,
    secrets: Iterable[str] = (),
    reached: bool = False,
    resends: int = 0,
) -> errors.APIError:
    """Build the error of a failed request, with ``secrets`` redacted.

    ``reached``: an earlier attempt may have reached the service. ``resends``: requests that were
    sent again.
    """
    hide = Redactor(secrets)
    if isinstance(failure, TransportFailure):
        return _transport_error(failure, hide, reached=reached, resends=resends)
    content = hide.body(failure.body)
    body = read_error_body(content)
    kind = _kind(failure.status, body)
    facts: ErrorFacts = {
        "status_code": failure.status,
        "method": failure.method,
        "url": hide.text(failure.url),
        "content": content,
        "retry_after": retry_after(failure, now=time.time()),
        "resends": resends,
        "hint": _text_hint(kind, failure.url, model) or _hint(kind, failure.status, model),
        **_header_facts(failure.headers, hide),
        **_facts(body),
    }
    if kind is errors.ContextOverflowError:
        facts |= _counts(body)
    return kind.build(f"{failure.status}: {body.message or 'no message'}", **facts)


def _counts(body: ErrorBody) -> ErrorFacts:
    overflow = parse_overflow(body.message, body.raw)
    return {"window": overflow.window, "prompt_tokens": overflow.prompt}


def error_in_stream(
    fault: ResponseFault, *, headers: Mapping[str, str], url: str = "", secrets: Iterable[str] = ()
) -> errors.APIError:
    """Build the error of a 200 response that is invalid or incomplete."""
    hide = Redactor(secrets)
    facts: ErrorFacts = {"url": hide.text(url), **_header_facts(headers, hide)}
    if isinstance(fault, TruncatedResponse):
        return _truncation_error(fault, facts, hide)
    if isinstance(fault, ErrorEvent):
        body = from_mapping(hide.value(fault.error))
        facts |= _facts(body)
        facts |= {"completion": fault.partial, "status_code": status_in(fault.error)}
        return errors.StreamError.build(f"The service reported: {body.message}", **facts)
    content = hide.body(fault.body)
    excerpt = content[:200].decode("utf-8", "replace")
    facts |= {"content": content, "body": excerpt}
    return errors.InvalidResponseError.build(
        f"The service returned 200, but {hide.text(fault.reason)}."
        + (f" The body begins: {excerpt}" if excerpt else ""),
        **facts,
    )


def _truncation_error(
    fault: TruncatedResponse, facts: ErrorFacts, hide: Redactor
) -> errors.APIError:
    late = fault.cause is not None and fault.cause.kind in ("timeout", "deadline")
    kind = errors.StreamTimeoutError if late else errors.StreamInterrupted
    reason = hide.text(fault.reason).rstrip(".")
    facts["completion"] = fault.partial
    error = kind.build(f"The answer ended early: {reason}.", **facts)
    error.__cause__ = hide.cause(fault.cause.cause if fault.cause is not None else None)
    return error


def _transport_error(
    failure: TransportFailure, hide: Redactor, *, reached: bool, resends: int
) -> errors.APIError:
    kind = _BY_KIND.get(failure.kind, errors.APIConnectionError)
    error = kind.build(
        hide.text(failure.message),
        method=failure.method,
        url=hide.text(failure.url),
        reached=reached or failure.was_seen,
        resends=resends,
        hint=_connection_hint(failure),
    )
    error.__cause__ = hide.cause(failure.cause)
    return error


def _connection_hint(failure: TransportFailure) -> str | None:
    if failure.kind == "tls" and "protocol" in failure.message.lower():
        return _OLD_TLS_HINT
    return _HINTS.get(failure.kind)


def _header_facts(headers: Mapping[str, str], hide: Redactor) -> ErrorFacts:
    shown = {name: hide.text(value) for name, value in headers.items()}
    return {"headers": shown, "request_id": shown.get("x-request-id")}


def _kind(status: int, body: ErrorBody) -> type[errors.APIStatusError]:
    words = f"{body.message} {body.code} {body.type}".lower()
    if status == 403 and any(word in words for word in _BLOCK_WORDS):
        return errors.PromptBlockedError
    if status in (400, 404, 410) and _is_about_model(status, body, words):
        return errors.ModelNotFoundError  # the service's own pages disagree on 400 or 404
    if status in _REFUSED_FOR_LENGTH and is_overflow(words):
        return errors.ContextOverflowError
    if status >= 500:
        return errors.InternalServerError
    return _BY_STATUS.get(status, errors.APIStatusError)


def _is_about_model(status: int, body: ErrorBody, words: str) -> bool:
    if body.code == "model_not_found" or any(text in words for text in _NO_MODEL):
        return True
    gone = _GONE if status != 400 else _GONE[:2]
    return "model" in words and any(text in words for text in gone)


def _hint(kind: type[errors.APIStatusError], status: int, model: str | None) -> str | None:
    if 300 <= status < 400:
        return _REDIRECT_HINT
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return _PROXY_HINT
    if kind is errors.ModelNotFoundError and model:
        return _successor_hint(model)
    if kind is errors.PermissionDeniedError and model:
        return f"The key may lack permission for {model!r}. Check its permissions in the Console."
    return None


def _text_hint(kind: type[errors.APIStatusError], url: str, model: str | None) -> str | None:
    """Return the hint for texts (not conversations) that are too long."""
    if not url.partition("?")[0].endswith(_TEXT_PATHS):
        return None
    if kind is errors.PayloadTooLargeError:
        return _FEWER_HINT
    if kind is not errors.ContextOverflowError:
        return None
    known = catalog.get(model or "")
    limit = f": {model} takes {known.context:,} tokens" if known and known.context else ""
    return f"{_SPLIT_HINT}{limit}."


def _successor_hint(model: str) -> str | None:
    known = catalog.get(model)
    if known is None and (near := catalog.similar(model)):
        listed = errors.ModelNotFoundError.default_hint
        return f"Did you mean {' or '.join(near)}? {listed}"
    if known is None or not known.successor:
        return None
    return f"{model} is {known.phase}; its successor is {known.successor}."


def _facts(body: ErrorBody) -> ErrorFacts:
    return {
        "body": body.raw,
        "code": body.code,
        "type": body.type,
        "param": body.param,
        "backend": parse_backend(body.backend),
    }
