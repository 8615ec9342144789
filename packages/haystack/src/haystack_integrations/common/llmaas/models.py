"""The models that a key may use."""

from __future__ import annotations

from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from llmaas import LiveModel


def list_models(
    api_key: Secret = DEFAULT_API_KEY,
    api_base_url: str | None = None,
    *,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> list[LiveModel]:
    """Return the models as the service lists them now, with aliases and context sizes.

    :param api_key: The key; ``LLMAAS_API_KEY`` unless said.
    :param api_base_url: The address; ``LLMAAS_BASE_URL``, then the service's own, unless said.
    :param timeout: The longest silence, in seconds.
    :param max_retries: How often a failed request is repeated.
    """
    connection = ConnectionMixin()
    connection._init_connection(api_key, api_base_url, timeout, max_retries, None)
    try:
        return connection._get_client().models()
    finally:
        connection.close()
