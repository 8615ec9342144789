"""Environment variables that ``serve`` prints for a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

_WINDOWS = os.name == "nt"


def environment_lines(
    variables: Mapping[str, str], console: str, *, windows: bool = _WINDOWS
) -> str:
    """Format the lines for this platform's shell, and those for the other one as comments."""
    posix = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    power = [f"$env:{name} = {_quoted(value)}" for name, value in variables.items()]
    first, name, other = (power, "sh", posix) if windows else (posix, "PowerShell", power)
    return "\n".join([*first, f"# {name}: {'; '.join(other)}", f"# console: {console}"]) + "\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
