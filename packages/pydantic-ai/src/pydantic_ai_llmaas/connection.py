"""Provider class ``LLMaaSProvider``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers import Provider

from llmaas import AsyncLLMaaS
from llmaas.adapters import reject_unknown_arguments
from pydantic_ai_llmaas.errors import translate_errors
from pydantic_ai_llmaas.profiles import default_profile, model_profile

NAME = "llmaas"


class LLMaaSProvider(Provider[AsyncLLMaaS]):
    """Connection to LLMaaS. Any number of models and event loops can share it."""

    def __init__(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        client: AsyncLLMaaS | None = None,
        **connection: Any,
    ) -> None:
        """Configure the connection. Sends nothing.

        ``api_key`` (a string, or a callable for rotating keys) and ``base_url`` default to
        ``LLMAAS_API_KEY`` and ``LLMAAS_BASE_URL``. ``connection`` accepts the other arguments of
        ``AsyncLLMaaS``: ``timeout``, ``max_retries``, ``deadline``, ``ca_bundle``, ``proxy``,
        ``headers``, ``fallbacks``, ``retry_empty``, ``hooks``, ... A ``client`` replaces them all.
        Raises ``UserError`` for a missing key or an invalid value.
        """
        reject_unknown_arguments(type(self), connection)
        self._client = client or _connect(api_key=api_key, base_url=base_url, **connection)

    @property
    def name(self) -> str:
        """The provider name: ``llmaas``."""
        return NAME

    @property
    def base_url(self) -> str:
        """The address of the service."""
        return self._client.settings.base_url

    @property
    def client(self) -> AsyncLLMaaS:
        """The ``llmaas`` client."""
        return self._client

    @staticmethod
    def model_profile(model_name: str) -> ModelProfile | None:
        """Build the profile of a model from the catalog."""
        return model_profile(model_name) or default_profile()


def _connect(**connection: Any) -> AsyncLLMaaS:
    with translate_errors(model_name=NAME):
        return AsyncLLMaaS(**connection)
