"""Redaction of secrets in texts, bodies, headers and exceptions."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
SHORTEST = 6
"""Minimum length of a secret; redacting shorter ones would damage ordinary words."""

_MAX_DEPTH = 64
_SECRET_NAME = re.compile(
    r"auth|cookie|token|secret|passw|credential|session|signature|(^|[-_])(api)?key($|[-_])", re.I
)


_SAFE_NAMES = frozenset(
    (
        *("accept", "accept-language", "content-type", "http-referer", "referer", "user-agent"),
        *("traceparent", "tracestate", "x-correlation-id", "x-request-id", "x-title"),
        *("x-app", "x-application", "x-client", "x-department", "x-env", "x-environment"),
        *("x-org", "x-organization", "x-project", "x-region", "x-service", "x-team"),
    )
)
"""Headers that dumps and pickles keep; a gateway may store a secret under any other name."""


def is_secret_name(header: str) -> bool:
    """Whether a header of this name contains a credential."""
    return _SECRET_NAME.search(header) is not None


def is_safe_name(header: str) -> bool:
    """Whether dumps may keep a header of this name, because it contains no credential."""
    return header.lower() in _SAFE_NAMES


def header_secrets(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Collect the secrets of headers; for ``Bearer abc`` also ``abc``."""
    values = [str(value) for name, value in headers if is_secret_name(name)]
    return values + [value.split(" ", 1)[1].strip() for value in values if " " in value]


def proxy_secrets(url: str | None) -> list[str]:
    """Collect the password of a proxy URL: as written, decoded, and as sent."""
    user, password = _credentials(url or "")
    if not password:
        return []
    plain = unquote(password)
    sent = base64.b64encode(f"{unquote(user)}:{plain}".encode()).decode()
    return [password, plain, sent]


def without_credentials(url: str | None) -> str | None:
    """Remove the user and the password from a proxy URL."""
    if url is None or "@" not in url:
        return url
    start, _, rest = url.rpartition("@")
    scheme, slashes, _ = start.partition("//")
    return f"{scheme}//{rest}" if slashes else rest


def redact_options(options: Mapping[str, object]) -> dict[str, object]:
    """Redact connection options for dumps: no passwords, only safe headers."""
    kept = dict(options)
    for name, value in options.items():
        if name.endswith("proxy") and isinstance(value, str):
            kept[name] = without_credentials(value)
        elif name.endswith("headers") and isinstance(value, Mapping):
            kept[name] = {each: value[each] for each in value if is_safe_name(each)}
    return kept


def _credentials(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
    except ValueError:
        return "", ""
    return parts.username or "", parts.password or ""


class HiddenHeaders:
    """Request headers with a redacted repr; ``{**headers}`` and ``dict(headers)`` read them.

    Not a ``Mapping``, because tools that print variables of stack frames show its items.
    """

    __slots__ = ("_headers",)

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        self._headers = dict(headers)

    def keys(self) -> Iterable[str]:
        """Return the header names."""
        return self._headers.keys()

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __repr__(self) -> str:
        return f"HiddenHeaders({', '.join(self._headers)})"


class Redactor:
    """Replaces secrets in texts, JSON values, bodies and exceptions."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {secret for secret in secrets if len(secret) >= SHORTEST}
        self._secrets = sorted(found, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Redact a text."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def value(self, value: Any, depth: int = 0) -> Any:
        """Redact a JSON value at any depth, including its keys."""
        if isinstance(value, str):
            return self.text(value)
        if depth > _MAX_DEPTH and isinstance(value, Mapping | list | tuple):
            return HIDDEN
        if isinstance(value, Mapping):
            return {self.value(key): self.value(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner, depth + 1) for inner in value]
        return value

    def body(self, data: bytes) -> bytes:
        """Redact a body, including secrets that its JSON writes with escapes."""
        for secret in self._secrets:
            data = data.replace(secret.encode(), HIDDEN.encode())
        if b"\\" not in data or not self._secrets:
            return data
        try:
            value = json.loads(data)
            hidden = self.value(value)
            return data if hidden == value else json.dumps(hidden).encode()
        except (ValueError, RecursionError):
            return data

    def cause(self, error: BaseException | None) -> BaseException | None:
        """Return a cause without stack frames, or None if it reveals a secret.

        Stack frames of HTTP libraries contain the sent headers, and tools print them.
        """
        if error is None or any(self._reveals(link) for link in exception_chain(error)):
            return None
        for link in exception_chain(error):
            link.__traceback__ = None
        return error

    def _reveals(self, error: BaseException) -> bool:
        shown = f"{error!r} {error}"
        return self.text(shown) != shown


def exception_chain(error: BaseException) -> list[BaseException]:
    """Return an exception with all its causes and contexts."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop()
        if link is not None and link not in found:
            found.append(link)
            todo += [link.__cause__, link.__context__]
    return found
