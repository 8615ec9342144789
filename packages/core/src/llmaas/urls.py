"""Strict parsing and normalization of base URLs, without credentials."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from llmaas._errors_base import ConfigurationError
from llmaas.warnings import InsecureURLWarning, warn

DEFAULT_BASE_URL = "https://api.ai.cloud-temple.com/v1"

_FORBIDDEN = re.compile(r"[\s\\\x00-\x1f\x7f]")
_LABELS = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_USER = re.compile(r"^([a-z][a-z0-9+.-]*:)?(//)?.*@", re.IGNORECASE)
_ENDPOINT = re.compile(
    r"/(?:chat/completions|completions|embeddings|models|responses|rerank|batches"
    r"|audio/(?:transcriptions|translations|speech)|images/generations)/?\Z"
)
"""Endpoint paths that users paste from curl examples."""
_VERSION = re.compile(r"(?:/+v[12])+/*\Z")
_QUOTES = " \t\r\n\"'`<>"
_REST = re.compile(r"[?#].*", re.DOTALL)


def normalize_base_url(base_url: object) -> str:
    """Normalize a base URL, without ``/v1``.

    Removes endpoint paths (``.../v1/chat/completions``), a repeated ``/v1`` and surrounding
    quotes. Warns about plain HTTP to other machines.

    Raises ``ConfigurationError`` for values that are not http(s) URLs.
    """
    parts = _split(base_url)
    path = _ENDPOINT.sub("", parts.path.rstrip("/"))
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        warn(
            f"http://{host} is not encrypted: the API key and prompts can be read. Use https.",
            InsecureURLWarning,
        )
    port = "" if parts.port is None else f":{parts.port}"
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{port}{_VERSION.sub('', path)}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine (``localhost``, 127.0.0.0/8 or ``::1``)."""
    import ipaddress

    name = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _split(base_url: object) -> SplitResult:
    """Split a base URL. Raises ``ConfigurationError`` without repeating a password."""
    if not isinstance(base_url, str):
        raise ConfigurationError(f"base_url must be a string, got {type(base_url).__name__}")
    url = base_url.strip(_QUOTES)
    try:
        parts = urlsplit(url)
        is_good = parts.port != 0 and _is_host(parts) and not _FORBIDDEN.search(url)
    except ValueError:  # its message may contain a password
        is_good = False
    if not is_good or parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"base_url must be an http(s) URL such as {DEFAULT_BASE_URL}, got {without_user(url)!r}"
        )
    if "@" in parts.netloc:
        raise ConfigurationError(
            "base_url must not contain a user or a password. Pass credentials in headers=."
        )
    if "?" in url or "#" in url:
        raise ConfigurationError(
            f"base_url must not have a query or a fragment, got {without_user(url)!r}"
        )
    return parts


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if "[" not in parts.netloc:
        return _LABELS.fullmatch(host) is not None
    from ipaddress import IPv6Address

    IPv6Address(host)
    return re.search(r"\[[^]]*\](:\d*)?$", parts.netloc) is not None


def without_user(url: str) -> str:
    """Redact the credentials and the query of a URL."""
    return _REST.sub("?***", _USER.sub(r"\1\2***@", url))
