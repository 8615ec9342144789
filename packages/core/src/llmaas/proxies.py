"""Proxies of the environment, with the exceptions of ``NO_PROXY``.

``NO_PROXY`` has no standard. Supported are the forms of curl, Go and Python: names with their
subdomains, ``.name``, wildcards, IP addresses, ranges (``10.0.0.0/8``) and ports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from urllib.request import getproxies, proxy_bypass

from llmaas.urls import is_loopback

_PORTS = {"http": 80, "https": 443}
_QUOTES = " \t\r\n\"'"


def proxy_for(scheme: str, host: str, port: int | None = None) -> str | None:
    """Return the environment's proxy for a host, or None; loopback hosts never have one."""
    if is_loopback(host):
        return None
    proxies = getproxies()
    if is_bypassed(host, port or _PORTS.get(scheme), proxies.get("no") or "") or proxy_bypass(host):
        return None
    found = proxies.get(scheme) or proxies.get("all")
    return found.strip(_QUOTES) or None if found else None


def is_bypassed(host: str, port: int | None, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` lists a host."""
    name = host.lower().rstrip(".").partition("%")[0]
    return any(
        requested in (None, port) and _matches(name, pattern)
        for pattern, requested in _entries(no_proxy)
    )


def _entries(no_proxy: str) -> Iterator[tuple[str, int | None]]:
    """Parse the entries, separated by commas or white space, to patterns and ports."""
    for entry in re.split(r"[,;\s]+", no_proxy.strip(_QUOTES).lower()):
        bare = re.sub(r"^[a-z]+://", "", entry).strip(_QUOTES).rstrip("/")
        if not bare:
            continue
        found = re.fullmatch(r"(\[[^]]*\]|[^:]*):(\d{1,5})", bare)
        pattern, port = (found[1], int(found[2])) if found else (bare, None)
        yield pattern.strip("[]"), port


def _matches(name: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    if network := _network(pattern):
        return _is_inside(name, network)
    pattern = pattern.rstrip(".")
    if "*" in pattern or "?" in pattern:
        return fnmatchcase(name, pattern) or name == pattern.removeprefix("*.")
    suffix = pattern.lstrip(".")
    return bool(suffix) and (name == suffix or name.endswith(f".{suffix}"))


def _network(pattern: str) -> object | None:
    try:
        return ip_network(pattern, strict=False)
    except ValueError:
        return None


def _is_inside(name: str, network: object) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address in network  # type: ignore[operator]
