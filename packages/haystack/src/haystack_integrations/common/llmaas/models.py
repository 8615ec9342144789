"""List of the models available to a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin

if TYPE_CHECKING:
    from llmaas import LiveModel


def list_models(
    api_key: Secret = DEFAULT_API_KEY,
    api_base_url: str | None = None,
    *,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> list[LiveModel]:
    """List the service's models, with aliases and context sizes.

    :param api_key: The API key. Defaults to ``LLMAAS_API_KEY``.
    :param api_base_url: The base URL. Defaults to ``LLMAAS_BASE_URL``, then the service.
    :param timeout: Read timeout in seconds. Defaults to 600.
    :param max_retries: Maximum retries of a failed request. Defaults to 2.
    """
    connection = ConnectionMixin()
    connection._init_connection(api_key, api_base_url, timeout, max_retries, None)
    try:
        return connection._get_client().models()
    finally:
        connection.close()
