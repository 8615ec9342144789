"""Checks of keyword arguments that a class passes on to a client."""

from __future__ import annotations

from collections.abc import Iterable

from llmaas.settings import OPTIONS


def reject_unknown_arguments(owner: type, names: Iterable[str]) -> None:
    """Raise ``TypeError`` for an argument that clients do not accept, as Python words it."""
    for name in names:
        if name not in OPTIONS and name != "transport":
            raise TypeError(f"{owner.__name__}() got an unexpected keyword argument {name!r}")
