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
from llmaas_cli.doctor.check import Check, fail, ok, run_with_timeout, skip, warn

TIMEOUT = 10.0  # seconds for each check
_CERTIFICATE_WARNING_DAYS = 14
_PORTS = {"http": 80, "https": 443}
"""Default ports of proxies; SOCKS proxies default to 1080."""


@dataclass(frozen=True, slots=True)
class Target:
    """Address of the service, and of the proxy in front of it."""

    scheme: str
    host: str
    port: int
    proxy: str | None = None
    """``host:port`` of the proxy, without its password."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Target:
        """Create the target from settings and the proxies of the environment."""
        parts = urlsplit(settings.base_url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, host, port, _proxy_address(settings, parts.scheme, host, port))

    @property
    def first_hop(self) -> tuple[str, int]:
        """Host and port of the first connection."""
        if self.proxy:
            host, _, port = self.proxy.rpartition(":")
            return host, int(port)
        return self.host, self.port


def _proxy_address(settings: Settings, scheme: str, host: str, port: int) -> str | None:
    url = settings.proxy or proxy_for(scheme, host, port)
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 1080)}"


def check_name(target: Target, timeout: float = TIMEOUT) -> Check:
    """Check that the host name resolves."""
    host, port = target.first_hop
    try:
        entries = run_with_timeout(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), timeout
        )
    except (OSError, UnicodeError) as error:
        reason = _describe_os_error(error) if isinstance(error, OSError) else str(error)
        return fail(
            "name",
            f"{host} has no address ({reason})",
            "Check the spelling in LLMAAS_BASE_URL, your DNS server, and whether a VPN or a "
            "proxy (HTTPS_PROXY) is needed here.",
        )
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    through = " (the proxy)" if target.proxy else ""
    return ok("name", f"{host}{through} is {', '.join(addresses[:3])}")


def check_port(target: Target, timeout: float = TIMEOUT) -> Check:
    """Check that the port accepts connections."""
    host, number = target.first_hop
    try:
        with run_with_timeout(
            lambda: socket.create_connection((host, number), timeout=timeout), timeout
        ):
            return ok("port", f"{host}:{number} answers")
    except OSError as error:
        return fail(
            "port",
            f"{host}:{number} does not answer ({_describe_os_error(error)})",
            "Nothing listens there, or a firewall blocks the port. Open the port, or set "
            "HTTPS_PROXY.",
        )


def check_tls(target: Target, settings: Settings, timeout: float = TIMEOUT) -> Check:
    """Check the TLS version and the certificate."""
    if target.scheme == "http":
        return _check_plain_http(target)
    if target.proxy:
        return skip("tls", "not checked through a proxy; the key check uses the connection")
    try:
        version, certificate = run_with_timeout(
            lambda: _handshake(target, settings, timeout), timeout
        )
    except ssl.SSLCertVerificationError as error:
        return fail(
            "tls",
            f"the certificate is not trusted ({error.verify_message})",
            f"If your network inspects TLS, set {CA_VARIABLE} to its CA file. Do not disable "
            "verification.",
        )
    except ConfigurationError as error:
        return fail("tls", f"{error}", f"Correct or unset {CA_VARIABLE}.")
    except OSError as error:
        return fail(
            "tls",
            f"no TLS ({_describe_os_error(error)})",
            "If the server speaks plain HTTP, use http:// in LLMAAS_BASE_URL.",
        )
    return check_certificate(version, certificate)


def _check_plain_http(target: Target) -> Check:
    if is_loopback(target.host):
        return skip("tls", "plain HTTP on the loopback interface")
    return fail("tls", "plain HTTP: the key is sent unencrypted", "Use an https:// address.")


def _handshake(
    target: Target, settings: Settings, timeout: float
) -> tuple[str, Mapping[str, object]]:
    context = tls_context(settings.ca_bundle)
    with (
        socket.create_connection((target.host, target.port), timeout=timeout) as plain,
        context.wrap_socket(plain, server_hostname=target.host) as secured,
    ):
        return secured.version() or "?", secured.getpeercert() or {}


def check_certificate(version: str, certificate: Mapping[str, Any]) -> Check:
    """Check a TLS version and a certificate (as returned by ``SSLSocket.getpeercert``)."""
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).days
    detail = f"{version}, certificate of {_issuer(certificate)} until {ends:%Y-%m-%d}"
    if days < _CERTIFICATE_WARNING_DAYS:
        return warn("tls", detail, f"The certificate expires in {days} days. Have it renewed.")
    if version != "TLSv1.3":
        return warn("tls", detail, "The service supports TLS 1.3. Update OpenSSL or the proxy.")
    return ok("tls", detail)


def _issuer(certificate: Mapping[str, Any]) -> str:
    names = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(names.get("organizationName") or names.get("commonName") or "?")


def _describe_os_error(error: OSError) -> str:
    return "timed out" if isinstance(error, TimeoutError) else str(error)
