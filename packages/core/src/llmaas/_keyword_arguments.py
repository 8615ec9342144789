"""Checks of keyword arguments that a class passes on to a client."""

from __future__ import annotations

from collections.abc import Container, Iterable

from llmaas._client_options import OPTIONS

_CLIENT_ARGUMENTS = frozenset((*OPTIONS, "transport"))


def reject_unknown_arguments(
    owner: type, names: Iterable[str], accepted: Container[str] = _CLIENT_ARGUMENTS
) -> None:
    """Raise ``TypeError`` for an argument that ``owner`` does not accept, as Python words it.

    ``accepted`` defaults to the arguments of clients.
    """
    for name in names:
        if name not in accepted:
            raise TypeError(f"{owner.__name__}() got an unexpected keyword argument {name!r}")
