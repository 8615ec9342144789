"""Profiles as callers give them: read, or as a path or its content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from llmaas._errors_base import ConfigurationError
from llmaas._option_parsing import given_profile
from llmaas.catalog.profile import Profile

ProfileOption: TypeAlias = Profile | str | os.PathLike[str] | Mapping[str, Any] | None
"""A profile, its path or its content. Defaults to ``LLMAAS_PROFILE``, as that of a client."""


def load_profile(value: ProfileOption) -> Profile | None:
    """Return a profile, read from a file if the value is a path.

    Raises ``ProfileError`` for an invalid one, and ``ConfigurationError`` for other values.
    """
    given = given_profile(value)
    if given is None or isinstance(given, Profile):
        return given
    if isinstance(given, Mapping):
        return Profile.from_dict(given)
    if not isinstance(given, str | os.PathLike):
        raise ConfigurationError(f"profile must be a Profile or a path, got {value!r}.")
    status = _stat(path := os.fspath(given))
    return _read(path, status and (status.st_mtime_ns, status.st_size, status.st_ino))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None  # reading it reports why


@lru_cache(maxsize=16)
def _read(path: str, state: tuple[int, ...] | None) -> Profile:
    """Read a file once per state, since each framework object may have a client of its own."""
    return Profile.read(path)
