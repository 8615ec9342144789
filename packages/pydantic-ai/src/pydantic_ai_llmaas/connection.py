"""``LLMaaSProvider``: the core's client as a Pydantic AI provider."""

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
    """Connection to LLMaaS, shared by any number of models and event loops."""

    def __init__(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        client: AsyncLLMaaS | None = None,
        **connection: Any,
    ) -> None:
        """Configure the connection; nothing is sent yet.

        ``api_key`` (also a callable, for keys that rotate) and ``base_url`` default to
        ``LLMAAS_API_KEY`` and ``LLMAAS_BASE_URL``. ``connection`` takes the other arguments of
        ``AsyncLLMaaS``: ``timeout``, ``max_retries``, ``deadline``, ``ca_bundle``, ``proxy``,
        ``headers``, ``fallbacks``, ``retry_empty``, ``hooks``, ... Or pass a ``client``.
        Raises ``UserError`` for a missing key and for a value that cannot work.
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
        """The core's client."""
        return self._client

    @staticmethod
    def model_profile(model_name: str) -> ModelProfile | None:
        """Return the profile of a model, by the catalog."""
        return model_profile(model_name) or default_profile()


def _connect(**connection: Any) -> AsyncLLMaaS:
    with translate_errors(model_name=NAME):
        return AsyncLLMaaS(**connection)
