"""Arguments that a class passes on to a client, refused by the name of that class."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from inspect import signature

from llmaas._base_client import BaseClient


def reject_unknown_arguments(owner: type, names: Iterable[str]) -> None:
    """Raise ``TypeError`` for an argument that clients do not take, as Python words it."""
    for name in names:
        if name not in _known():
            raise TypeError(f"{owner.__name__}() got an unexpected keyword argument {name!r}")


@cache
def _known() -> frozenset[str]:
    return frozenset(signature(BaseClient.__init__).parameters)
