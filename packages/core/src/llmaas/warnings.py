"""Warning categories of the package, each of which can be filtered.

LLMaaSWarning (UserWarning)
├── ModelLifecycleWarning   a model is deprecated, redirected, unknown or no longer served
├── EmptyAnswerWarning      an answer has no text
├── IgnoredOptionWarning    a model ignored an option, or does not support an input
├── InsecureURLWarning      the API key would be sent unencrypted
├── StaleCatalogWarning     the service did not list its models; the current catalog is used
└── RequestAdjustedWarning  a conversation was adjusted to what the model supports
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

_HOME = str(Path(__file__).parent / "_")[:-1]
"""Directory of this package with a separator, since other names share its prefix."""


class LLMaaSWarning(UserWarning):
    """Base of all warnings of this package."""


class ModelLifecycleWarning(LLMaaSWarning):
    """The requested model is deprecated, redirected, unknown or no longer served."""


class EmptyAnswerWarning(LLMaaSWarning):
    """The answer has no text, usually because reasoning used the whole token budget."""


class IgnoredOptionWarning(LLMaaSWarning):
    """The model ignored an option, or is not known to support an input."""


class InsecureURLWarning(LLMaaSWarning):
    """The base URL is plain HTTP to another machine: the API key would be sent unencrypted."""


class StaleCatalogWarning(LLMaaSWarning):
    """The service did not list its models in time; the current catalog stays in use."""


class RequestAdjustedWarning(LLMaaSWarning):
    """A conversation was adjusted to what the model supports; issued once per kind of change."""


def warn(text: str, category: type[LLMaaSWarning]) -> None:
    """Issue a warning for the line that called this package."""
    warnings.warn(text, category, stacklevel=caller_level())


def caller_level() -> int:
    """Return the ``stacklevel`` of the first caller outside this package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        frame, level = frame.f_back, level + 1
    return level
