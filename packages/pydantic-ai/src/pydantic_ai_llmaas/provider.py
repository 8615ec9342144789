"""``LLMaaSProvider``: the core's client as a Pydantic AI provider."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers import Provider

from llmaas import AsyncLLMaaS
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
        ``headers``, ``fallbacks``, ``retry_empty``, ``watchers``, ... Or pass a ``client``.
        Raises ``UserError`` for a missing key and for a value that cannot work.
        """
        _check_names(type(self).__name__, connection)
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


def _check_names(owner: str, connection: dict[str, Any]) -> None:
    known = inspect.signature(AsyncLLMaaS).parameters
    for name in connection:
        if name not in known:
            raise TypeError(f"{owner}() got an unexpected keyword argument {name!r}")


def _connect(**connection: Any) -> AsyncLLMaaS:
    try:
        return AsyncLLMaaS(**connection)
    except Exception as error:
        from pydantic_ai_llmaas.errors import translate

        raise translate(error, NAME) from error
