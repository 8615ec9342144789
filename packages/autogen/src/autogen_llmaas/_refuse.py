"""The errors for one's own mistakes, imported when one is made: they bring the openai SDK."""

from __future__ import annotations


def refused(message: str) -> Exception:
    """Return a ``ConfigurationError``."""
    from llmaas.errors import ConfigurationError

    return ConfigurationError(message)


def keyless(variable: str) -> Exception:
    """Return a ``MissingAPIKeyError`` that names the variable to set."""
    from llmaas.errors import MissingAPIKeyError

    return MissingAPIKeyError(f"No API key. Set {variable} or pass api_key=...")


def unusable(message: str) -> Exception:
    """Return an ``InvalidInputError``."""
    from llmaas.errors import InvalidInputError

    return InvalidInputError(message)
