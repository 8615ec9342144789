"""Parser of the option ``profile``, which may also come from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from llmaas._errors_base import ConfigurationError

if TYPE_CHECKING:
    from llmaas.catalog.profile import Profile

PROFILE_VARIABLE = "LLMAAS_PROFILE"


def parse_profile(value: object) -> Profile | None:
    """Return a profile, read from a file if the value is a path."""
    given = value or os.environ.get(PROFILE_VARIABLE) or None
    if given is None:
        return None
    from llmaas.catalog.profile import Profile  # slow to import, and seldom needed

    if isinstance(given, Profile):
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
    from llmaas.catalog.profile import Profile  # see parse_profile

    return Profile.read(path)
