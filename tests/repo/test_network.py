"""The network guard of the tests."""

import asyncio
import contextlib
import socket

import pytest

from tests.helpers.isolation import network
from tests.helpers.isolation.network import NetworkForbiddenError


@pytest.fixture(autouse=True)
def attempted():
    """These attempts are meant; each is noted, also for those who swallow the error."""
    yield
    assert len(network.forgive()) == 1


def test_name_lookups_are_refused():
    with pytest.raises(NetworkForbiddenError):
        socket.getaddrinfo("api.ai.cloud-temple.com", 443)


def test_connections_are_refused():
    with socket.socket() as sock, pytest.raises(NetworkForbiddenError):
        sock.connect(("192.0.2.1", 443))


def test_datagrams_are_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkForbiddenError):
        sock.sendto(b"?", ("192.0.2.1", 53))


async def test_asyncio_connections_are_refused():
    with pytest.raises(NetworkForbiddenError):
        await asyncio.open_connection("192.0.2.1", 443)


def test_loopback_is_allowed_and_swallowed_errors_are_recorded():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert not network.attempts
    with contextlib.suppress(Exception), socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendmsg([b"?"], [], 0, ("192.0.2.1", 53))
    assert "test_network" in network.attempts[0]
