"""Let AutoGen load our components.

AutoGen after 0.7.5 loads providers of its own packages only, and of those that this variable
names, separated by commas (microsoft/autogen pull request 7463). Importing this package is the
user's word that it is trusted.
"""

from __future__ import annotations

import os

VARIABLE = "AUTOGEN_ALLOWED_PROVIDER_NAMESPACES"
NAMESPACE = "autogen_llmaas"


def trust() -> None:
    """Add our namespace to the variable, unless it is there."""
    named = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    if NAMESPACE not in named:
        os.environ[VARIABLE] = ",".join([*named, NAMESPACE])


trust()
