"""Option ``profile`` as given: an argument, or a variable of the environment."""

from __future__ import annotations

import os

PROFILE_VARIABLE = "LLMAAS_PROFILE"


def given_profile(value: object) -> object:
    """Return an argument, or the path in ``LLMAAS_PROFILE``; None if neither is given."""
    return value or os.environ.get(PROFILE_VARIABLE) or None
