"""The connector's timeout, with versions of aiohttp that connect otherwise than today's."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from llmaas.transport.aiohttp_connector import Connector

TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=3.0)


class Recorder(aiohttp.TCPConnector):
    """An aiohttp that takes any arguments, and returns them."""

    async def _wrap_create_connection(self, *args: Any, **options: Any) -> Any:
        return args, options


class Changed(Connector, Recorder):
    """Our connector on top of it."""


async def connect(*args: Any, **options: Any) -> Any:
    connector = Changed()
    try:
        return await connector._wrap_create_connection(*args, **options)
    finally:
        await connector.close()


def test_connector_limits_connecting_itself() -> None:
    args, options = asyncio.run(connect("factory", timeout=TIMEOUT, ssl=None))
    assert (args, options["ssl"], options["timeout"].sock_connect) == (("factory",), None, None)


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (("factory", TIMEOUT), {}),
        ((), {"timeout": 3.0}),
        ((), {"timeout": aiohttp.ClientTimeout(total=3.0)}),
        ((), {"timeouts": TIMEOUT}),
    ],
    ids=["positional", "a number", "without sock_connect", "another name"],
)
def test_connector_leaves_the_timeout_to_aiohttp_when_it_is_passed_otherwise(
    args: Any, options: Any
) -> None:
    assert asyncio.run(connect(*args, **options)) == (args, options)
