"""Registration of this package as an allowed component namespace.

AutoGen after 0.7.5 loads only providers of its own packages and of those in a comma-separated
variable (https://github.com/microsoft/autogen/pull/7463). Importing this package allows it.
"""

from __future__ import annotations

import os

VARIABLE = "AUTOGEN_ALLOWED_PROVIDER_NAMESPACES"
NAMESPACE = "autogen_llmaas"


def allow_namespace() -> None:
    """Add the namespace to the variable if it is absent."""
    namespaces = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    if NAMESPACE not in namespaces:
        os.environ[VARIABLE] = ",".join([*namespaces, NAMESPACE])


allow_namespace()
