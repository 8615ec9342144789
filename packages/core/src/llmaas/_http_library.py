"""The HTTP library of the installed openai SDK.

openai 2 stands on httpx, openai 3 on httpx2; their public names are the same.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any


@cache
def http() -> Any:
    """Return the HTTP library that the installed openai SDK uses (``httpx`` or ``httpx2``)."""
    return _import_http()


def _import_http() -> ModuleType:
    from importlib.metadata import version

    if int(version("openai").split(".", 1)[0]) >= 3:
        import httpx2

        return httpx2
    import httpx

    return httpx


@cache
def http_core() -> Any:
    """Return what that library itself stands on: connections and their pools."""
    name = http().__name__.replace("httpx", "httpcore")
    return import_module(name)
