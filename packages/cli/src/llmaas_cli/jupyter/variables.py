"""Notebook variables in a question: ``{name}``, inserted without evaluation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"\{\{([^\W\d]\w*)\}\}|\{([^\W\d]\w*)\}")


def fill_variables(text: str, variables: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Replace ``{name}`` by variables; return the text and the unknown names, which stay.

    ``{{name}}`` becomes ``{name}``; other braces stay, so that a question may contain JSON.
    """
    unknown: list[str] = []

    def value(found: re.Match[str]) -> str:
        literal, name = found.groups()
        if literal:
            return f"{{{literal}}}"
        if name not in variables:
            unknown.append(name)
            return found[0]
        return str(variables[name])

    return _NAME.sub(value, text), unknown
