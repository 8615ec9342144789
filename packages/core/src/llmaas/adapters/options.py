"""Redaction and checks of connection options."""

from __future__ import annotations

from llmaas._keyword_arguments import reject_unknown_arguments
from llmaas._redaction import redact_options
from llmaas._redaction import without_credentials as redact_url

__all__ = ["redact_options", "redact_url", "reject_unknown_arguments"]
