"""Proxies, for threads and asyncio: forwarded and tunnelled, with credentials, refused, dead."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import llmaas
import llmaas.errors  # now, not while a deadline is running
import llmaas.transport.httpx_transport
from llmaas.warnings import InsecureURLWarning
from llmaas_sandbox import Sandbox
from tests.helpers.servers.proxy import Proxy
from tests.helpers.sync_async import Async

MODEL = "llama3.3:70b"
SECRET = "user:p%40ss%2Fword"


@pytest.fixture(scope="module")
def tls_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A sandbox with TLS: it is reached by tunnels."""
    pytest.importorskip("cryptography", reason="the sandbox's extra `tls` makes the certificates")
    folder: Path = tmp_path_factory.mktemp("tls")
    with Sandbox(tls="good", data_dir=folder) as box:
        yield box


@pytest.fixture(params=["http", "https"])
def way(request: pytest.FixtureRequest, sandbox: Any) -> dict[str, Any]:
    """What a client needs to know of a sandbox without TLS (forwarding) and with it (CONNECT)."""
    if request.param == "http":
        return {"base_url": sandbox.base_url, "api_key": sandbox.api_key}
    box = request.getfixturevalue("tls_box")
    return {"base_url": box.base_url, "api_key": box.api_key, "ca_bundle": box.ca_bundle}


def test_calls_and_streams_go_through_a_proxy(api: Any, way: Any) -> None:
    with Proxy() as proxy:
        client = api(proxy=proxy.url(), **way)
        assert client.do("chat", 'Say "Oui"', model=MODEL).text == "Oui"
        assert client.events('Say "Oui"', model=MODEL)[-1].completion.text == "Oui"
    tunnelled = way["base_url"].startswith("https")
    assert all(line.startswith("CONNECT" if tunnelled else "POST http://") for line in proxy.seen)
    assert proxy.seen


def test_credentials_are_shown_to_the_proxy_and_never_to_the_service(
    sandbox: Any, api: Any, way: Any
) -> None:
    with Proxy(credentials="user:p@ss/word") as proxy:
        client = api(proxy=proxy.url(SECRET), **way)
        assert client.do("chat", 'Say "Oui"', model=MODEL).text == "Oui"
    for request in sandbox.requests:
        assert "proxy-authorization" not in request.headers


@pytest.mark.parametrize("shown", ["", "user:wrong"])
def test_a_proxy_that_wants_other_credentials(api: Any, way: Any, shown: str) -> None:
    with Proxy(credentials="user:p@ss/word") as proxy:
        client = api(proxy=proxy.url(shown), max_retries=3, **way)
        with pytest.raises(llmaas.APIError, match="407") as caught:
            client.do("chat", "?", model=MODEL)
    assert len(proxy.seen) == 1  # it will not think otherwise
    assert "proxy" in str(caught.value.hint)
    assert "wrong" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    if way["base_url"].startswith("https"):
        assert isinstance(caught.value, llmaas.APIConnectionError)
        assert not caught.value.reached


def test_request_is_retried_when_the_proxy_cannot_connect(api: Any, tls_box: Any) -> None:
    """502 and the like of a proxy pass, as those of the service do; 403 does not."""
    options = {
        "base_url": tls_box.base_url,
        "api_key": tls_box.api_key,
        "ca_bundle": tls_box.ca_bundle,
    }
    for status, attempts in ((502, 2), (503, 2), (403, 1)):
        with Proxy(refuses=status) as proxy:
            client = api(proxy=proxy.url(), max_retries=1, **options)
            with pytest.raises(llmaas.APIConnectionError, match=str(status)) as caught:
                client.do("chat", "?", model=MODEL)
        assert len(proxy.seen) == attempts
        assert not caught.value.reached


def test_a_dead_proxy(api: Any, way: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    client = api(proxy=f"http://{SECRET}@127.0.0.1:{port}", **way)
    with pytest.raises(llmaas.APIConnectionError) as caught:
        client.do("chat", "?", model=MODEL)
    assert not caught.value.reached
    assert "p%40ss" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_a_deaf_proxy_ends_at_the_deadline(api: Any, way: Any) -> None:
    with Proxy(is_deaf=True) as proxy:
        client = api(proxy=proxy.url(), **way)
        began = time.monotonic()
        with pytest.raises(llmaas.DeadlineExceededError):
            client.do("chat", "?", model=MODEL, deadline=0.6)
        assert time.monotonic() - began < 10  # without it nothing would end for minutes


@pytest.mark.timeout(60)
def test_a_deaf_proxy_ends_at_the_timeout(api: Any, way: Any) -> None:
    with Proxy(is_deaf=True) as proxy:
        began = time.monotonic()
        with pytest.raises(llmaas.APIConnectionError):
            api(proxy=proxy.url(), timeout=0.6, **way).do("chat", "?", model=MODEL)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", ["HTTP_PROXY", "all_proxy"])
def test_the_environments_proxy_spares_loopback(
    sandbox: Any, api: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with Proxy(refuses=502) as proxy:
        monkeypatch.setenv(name, proxy.url())
        assert api().do("chat", 'Say "Oui"', model=MODEL).text == "Oui"
        assert not proxy.seen
        address = "http://llmaas.example/v1"  # elsewhere: nobody but the proxy looks for it
        with pytest.warns(InsecureURLWarning):
            client = api(base_url=address)
        with pytest.raises(llmaas.InternalServerError, match="502"):
            client.do("chat", "?", model=MODEL)
        assert [line.split(" ")[1] for line in proxy.seen] == [f"{address}/chat/completions"]


def test_a_proxy_without_scheme_is_an_http_one(sandbox: Any, api: Any) -> None:
    with Proxy() as proxy:
        client = api(proxy=f"127.0.0.1:{proxy.port}")
        assert client.do("chat", 'Say "Oui"', model=MODEL).text == "Oui"
        assert proxy.seen


@pytest.mark.parametrize("scheme", ["socks4", "ftp"])
def test_proxy_of_unknown_scheme_is_refused(sandbox: Any, api: Any, scheme: str) -> None:
    client = api(proxy=f"{scheme}://{SECRET}@127.0.0.1:9")
    with pytest.raises(llmaas.ConfigurationError, match=scheme) as caught:
        client.do("chat", "?", model=MODEL)
    assert "p%40ss" not in str(caught.value)


def test_asyncio_refuses_socks_proxies(sandbox: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError, match="socks5"):
        Async(proxy="socks5://127.0.0.1:9").do("chat", "?", model=MODEL)
