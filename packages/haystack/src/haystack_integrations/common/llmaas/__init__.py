"""Shared code of the components, and ``list_models``."""

from haystack_integrations.common.llmaas import _telemetry as _telemetry
from haystack_integrations.common.llmaas._version import __version__
from haystack_integrations.common.llmaas.connection import open_async_client, open_client
from haystack_integrations.common.llmaas.models import list_models

__all__ = ["__version__", "list_models", "open_async_client", "open_client"]
