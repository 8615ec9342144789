"""Addresses of the service: read strictly, written one way, and never with a password."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from llmaas._errors_base import ConfigurationError
from llmaas.warnings import InsecureURLWarning, warn

DEFAULT_BASE_URL = "https://api.ai.cloud-temple.com/v1"

_NEVER = re.compile(r"[\s\\\x00-\x1f\x7f]")
_LABELS = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_USER = re.compile(r"^([a-z][a-z0-9+.-]*:)?(//)?.*@", re.IGNORECASE)
_ENDPOINT = re.compile(
    r"/(?:chat/completions|completions|embeddings|models|responses|rerank|batches"
    r"|audio/(?:transcriptions|translations|speech)|images/generations)/?\Z"
)
"""Ends of addresses that people paste from an example of curl."""
_VERSION = re.compile(r"(?:/+v[12])+/*\Z")
_QUOTES = " \t\r\n\"'`<>"
_REST = re.compile(r"[?#].*", re.DOTALL)


def normalize_base_url(base_url: Any) -> str:
    """Return an address without ``/v1``; raise ``ConfigurationError`` for what is none.

    The address of an endpoint (``.../v1/chat/completions``), a doubled ``/v1`` and quotes around
    it are corrected.
    Warns of plain http beyond this machine.
    """
    parts = _split(base_url)
    path = _ENDPOINT.sub("", parts.path.rstrip("/"))
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        warn(
            f"http://{host} is not encrypted: the key and every prompt can be read on the way",
            InsecureURLWarning,
        )
    port = "" if parts.port is None else f":{parts.port}"
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{port}{_VERSION.sub('', path)}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: ``localhost``, 127.0.0.0/8 or ``::1``."""
    import ipaddress

    name = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _split(base_url: Any) -> SplitResult:
    if not isinstance(base_url, str):
        raise ConfigurationError(f"base_url must be a string, not {type(base_url).__name__}")
    url = base_url.strip(_QUOTES)
    try:
        parts = urlsplit(url)
        is_good = parts.port != 0 and _is_host(parts) and not _NEVER.search(url)
    except ValueError:  # its text may repeat a password
        is_good = False
    if not is_good or parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"base_url must be an http(s) address such as {DEFAULT_BASE_URL}, "
            f"got {without_user(url)!r}"
        )
    if "@" in parts.netloc:
        raise ConfigurationError(
            "base_url must not hold a user or a password: pass them in headers="
        )
    if "?" in url or "#" in url:
        raise ConfigurationError(f"base_url {without_user(url)!r} must end with its path")
    return parts


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if "[" not in parts.netloc:
        return _LABELS.fullmatch(host) is not None
    from ipaddress import IPv6Address

    IPv6Address(host)
    return re.search(r"\[[^]]*\](:\d*)?$", parts.netloc) is not None


def without_user(url: str) -> str:
    """Return an address as it may be shown: what stands before ``@`` and after ``?`` is hidden."""
    return _REST.sub("?***", _USER.sub(r"\1\2***@", url))
