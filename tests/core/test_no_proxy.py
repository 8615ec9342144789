"""``NO_PROXY`` as curl, Go and Python write it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.proxies import is_bypassed, proxy_for
from llmaas.transport.pool_registry import PoolKey

SPARED = [
    ("gw.corp.example", 443, "gw.corp.example"),
    ("gw.corp.example", 443, ".corp.example"),
    ("gw.corp.example", 443, "corp.example"),
    ("gw.corp.example", 443, "*.corp.example"),
    ("corp.example", 443, "*.corp.example"),
    ("corp.example", 443, ".corp.example"),
    ("GW.Corp.Example.", 443, "corp.example"),
    ("gw.corp.example", 443, "a, b ,corp.example"),
    ("gw.corp.example", 443, "a b corp.example"),
    ("gw.corp.example", 443, "https://gw.corp.example/"),
    ("gw.corp.example", 8443, "gw.corp.example:8443"),
    ("gw.corp.example", 8443, "*.corp.example:8443"),
    ("gw-7.corp.example", 443, "gw-*.corp.example"),
    ("anything", 443, "*"),
    ("10.1.2.3", 443, "10.0.0.0/8"),
    ("10.1.2.3", 443, "10.1.2.9/24"),
    ("10.1.2.3", 8443, "10.0.0.0/8:8443"),
    ("10.1.2.3", 443, "10.1.2.3"),
    ("10.1.2.3", 443, "10.1.*"),
    ("fd00::1", 443, "fd00::/8"),
    ("fd00::1", 443, "[fd00::1]"),
    ("fd00::1", 8443, "[fd00::1]:8443"),
    ("fd00::0001", 443, "fd00::1"),
    ("::ffff:10.1.2.3", 443, "10.0.0.0/8"),
    ("gw.corp.example", 443, '"corp.example"'),
]
NOT_SPARED = [
    ("gw.corp.example", 443, ""),
    ("gw.corp.example", 443, " , ,"),
    ("notcorp.example", 443, "corp.example"),
    ("corp.example.org", 443, "corp.example"),
    ("gw.corp.example", 443, "gw.corp.example:8443"),
    ("11.1.2.3", 443, "10.0.0.0/8"),
    ("110.1.2.3", 443, "10.*"),
    ("10.1.2.3", 443, "fd00::/8"),
    ("gw.corp.example", 443, "10.0.0.0/8"),
    ("gw.corp.example", 443, "."),
    ("fe00::1", 443, "fd00::/8"),
]


@pytest.mark.parametrize(("host", "port", "no_proxy"), SPARED)
def test_hosts_that_are_spared(host: str, port: int, no_proxy: str, monkeypatch: Any) -> None:
    assert is_bypassed(host, port, no_proxy)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_for("https", host, port) is None


@pytest.mark.parametrize(("host", "port", "no_proxy"), NOT_SPARED)
def test_hosts_that_are_not(host: str, port: int, no_proxy: str, monkeypatch: Any) -> None:
    assert not is_bypassed(host, port, no_proxy)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_for("https", host, port) == "http://proxy.example:3128"


@given(st.text(max_size=40))
def test_any_text_may_stand_there(no_proxy: str) -> None:
    is_bypassed("gw.corp.example", 443, no_proxy)


@pytest.mark.parametrize("root", ["https://10.1.2.3:8443", "https://10.1.2.3"])
def test_client_connects_directly_when_port_matches(root: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8:8443")
    is_direct = root.endswith(":8443")
    assert (PoolKey.create(root, None, None).proxy is None) == is_direct
