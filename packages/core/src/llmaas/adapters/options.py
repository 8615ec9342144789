"""Options of connections: what may be kept, and what is refused."""

from __future__ import annotations

from llmaas.keyword_arguments import reject_unknown_arguments
from llmaas.secrecy import redact_options
from llmaas.secrecy import without_credentials as redact_url

__all__ = ["redact_options", "redact_url", "reject_unknown_arguments"]
