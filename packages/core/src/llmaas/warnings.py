"""The warnings of the house, each its own category so that it can be filtered.

LLMaaSWarning (UserWarning)
├── ModelLifecycleWarning   a model is deprecated, redirected, unknown or no longer served
├── EmptyAnswerWarning      an answer came back without text
├── IgnoredOptionWarning    a model did what it was told not to do, or cannot do
├── InsecureURLWarning      a key would travel unencrypted
├── StaleCatalogWarning     the service did not list its models; the packaged list is used
└── RequestAdjustedWarning  a conversation was changed so that the model takes it
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

_HOME = str(Path(__file__).parent / "_")[:-1]
"""The folder of this package, with the separator: others begin with the same letters."""


class LLMaaSWarning(UserWarning):
    """Base of every warning given here."""


class ModelLifecycleWarning(LLMaaSWarning):
    """The model asked for is deprecated, redirected, unknown, or no longer served."""


class EmptyAnswerWarning(LLMaaSWarning):
    """An answer without text, usually because reasoning used the whole budget."""


class IgnoredOptionWarning(LLMaaSWarning):
    """An option that the model ignored, or an input that it is not known to take."""


class InsecureURLWarning(LLMaaSWarning):
    """The base URL is plain HTTP to another machine: the key would travel unencrypted."""


class StaleCatalogWarning(LLMaaSWarning):
    """The service did not list its models in time; the catalog at hand stays in force."""


class RequestAdjustedWarning(LLMaaSWarning):
    """A conversation was changed so that the model takes it; given once for a kind of change."""


def warn(text: str, category: type[LLMaaSWarning]) -> None:
    """Warn about the line that called this package, however deep in it the warning arises."""
    warnings.warn(text, category, stacklevel=caller_level())


def caller_level() -> int:
    """Return the ``stacklevel`` of the first caller outside this package, for the caller."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        frame, level = frame.f_back, level + 1
    return level
