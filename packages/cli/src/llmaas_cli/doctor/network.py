"""Network checks: proxy, host name, port, TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from llmaas.adapters import tls_context
from llmaas.errors import ConfigurationError
from llmaas.proxies import proxy_for
from llmaas.settings import CA_VARIABLE, Settings
from llmaas.urls import is_loopback
from llmaas_cli.doctor.check import Check, bounded, fail, ok, skip, warn

TIMEOUT = 10.0  # seconds for each check
_CERTIFICATE_WARNING_DAYS = 14
_PORTS = {"http": 80, "https": 443}
"""Of proxies that name none; those of SOCKS listen at 1080."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where connections go: the service itself, or the proxy in front of it."""

    scheme: str
    host: str
    port: int
    proxy: str | None = None
    """``host:port`` of the proxy, without its password."""

    @classmethod
    def of(cls, settings: Settings) -> Target:
        """Read the target from settings and the environment's proxies."""
        parts = urlsplit(settings.base_url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, host, port, _proxy(settings, parts.scheme, host, port))

    @property
    def reached_at(self) -> tuple[str, int]:
        """The host and port that the first connection goes to."""
        if self.proxy:
            host, _, port = self.proxy.rpartition(":")
            return host, int(port)
        return self.host, self.port


def _proxy(settings: Settings, scheme: str, host: str, port: int) -> str | None:
    url = settings.proxy or proxy_for(scheme, host, port)
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 1080)}"


def name_lookup(target: Target, timeout: float = TIMEOUT) -> Check:
    """Check that the host has an address."""
    host, port = target.reached_at
    try:
        found = bounded(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), timeout)
    except (OSError, UnicodeError) as error:
        why = _reason(error) if isinstance(error, OSError) else str(error)
        return fail(
            "name",
            f"{host} has no address ({why})",
            "Check the spelling in LLMAAS_BASE_URL, your DNS server, and whether a VPN or a "
            "proxy (HTTPS_PROXY) is needed here.",
        )
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    through = " (the proxy)" if target.proxy else ""
    return ok("name", f"{host}{through} is {', '.join(addresses[:3])}")


def port(target: Target, timeout: float = TIMEOUT) -> Check:
    """Check that the port answers."""
    host, number = target.reached_at
    try:
        with bounded(lambda: socket.create_connection((host, number), timeout=timeout), timeout):
            return ok("port", f"{host}:{number} answers")
    except OSError as error:
        return fail(
            "port",
            f"{host}:{number} does not answer ({_reason(error)})",
            "Nothing listens there, or a firewall is in the way: open the port, or set "
            "HTTPS_PROXY.",
        )


def tls(target: Target, settings: Settings, timeout: float = TIMEOUT) -> Check:
    """Check the encryption's version and the certificate."""
    if target.scheme == "http":
        return _unencrypted(target)
    if target.proxy:
        return skip("tls", "the proxy opens the connection; the key check shows whether it holds")
    try:
        version, certificate = bounded(lambda: _handshake(target, settings, timeout), timeout)
    except ssl.SSLCertVerificationError as error:
        return fail(
            "tls",
            f"the certificate is not trusted ({error.verify_message})",
            f"If your network inspects TLS, set {CA_VARIABLE} to its CA file. Do not switch "
            "verification off.",
        )
    except ConfigurationError as error:
        return fail("tls", f"{error}", f"Correct or unset {CA_VARIABLE}.")
    except OSError as error:
        return fail("tls", f"no TLS ({_reason(error)})", "Does LLMAAS_BASE_URL want http://?")
    return judged(version, certificate)


def _unencrypted(target: Target) -> Check:
    if is_loopback(target.host):
        return skip("tls", "plain HTTP on this machine, as a sandbox speaks it")
    return fail("tls", "plain HTTP: anyone on the way can read the key", "Use an https:// address.")


def _handshake(target: Target, settings: Settings, timeout: float) -> tuple[str, Mapping[str, Any]]:
    context = tls_context(settings.ca_bundle)
    with (
        socket.create_connection((target.host, target.port), timeout=timeout) as plain,
        context.wrap_socket(plain, server_hostname=target.host) as secured,
    ):
        return secured.version() or "?", secured.getpeercert() or {}


def judged(version: str, certificate: Mapping[str, Any]) -> Check:
    """Check a TLS version, and a certificate as ``SSLSocket.getpeercert`` returns it."""
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).days
    detail = f"{version}, certificate of {_issuer(certificate)} until {ends:%Y-%m-%d}"
    if days < _CERTIFICATE_WARNING_DAYS:
        return warn("tls", detail, f"The certificate ends in {days} days: tell its owner.")
    if version != "TLSv1.3":
        return warn("tls", detail, "The service speaks TLS 1.3: update OpenSSL or the proxy.")
    return ok("tls", detail)


def _issuer(certificate: Mapping[str, Any]) -> str:
    names = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(names.get("organizationName") or names.get("commonName") or "?")


def _reason(error: OSError) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error)
