"""No test can leave this machine, whichever way it tries."""

import asyncio
import socket

import pytest

from network import NetworkForbiddenError


def test_name_lookups_are_refused():
    with pytest.raises(NetworkForbiddenError):
        socket.getaddrinfo("api.ai.cloud-temple.com", 443)


def test_connections_are_refused():
    with socket.socket() as sock, pytest.raises(NetworkForbiddenError):
        sock.connect(("192.0.2.1", 443))


def test_datagrams_are_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkForbiddenError):
        sock.sendto(b"?", ("192.0.2.1", 53))


async def test_asyncio_is_refused_too():
    with pytest.raises(NetworkForbiddenError):
        await asyncio.open_connection("192.0.2.1", 443)


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
