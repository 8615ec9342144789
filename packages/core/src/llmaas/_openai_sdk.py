"""Clients of the openai SDK, built from the settings of an LLMaaS client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmaas._http_library import http
from llmaas.transport.pool_registry import PoolKey, tls_context

if TYPE_CHECKING:
    from llmaas.settings import Settings


def openai_client(settings: Settings) -> Any:
    """Build an ``openai.OpenAI`` with these settings."""
    import openai

    return openai.OpenAI(**_arguments(settings), http_client=_http_client(settings, "Client"))


def async_openai_client(settings: Settings) -> Any:
    """Build an ``openai.AsyncOpenAI`` with these settings."""
    import openai

    client = _http_client(settings, "AsyncClient")
    return openai.AsyncOpenAI(**_arguments(settings), http_client=client)


def _arguments(settings: Settings) -> dict[str, Any]:
    """Set every argument, so that no ``OPENAI_*`` variable of another vendor is read."""
    source = settings.key.get
    return {
        "api_key": source if settings.key.is_callable else source(),
        "base_url": settings.base_url,
        "organization": "",
        "project": "",
        "timeout": http().Timeout(settings.timeout.read, connect=settings.timeout.connect),
        "max_retries": settings.retry.max_retries,
        "default_headers": {
            **dict(settings.headers),
            "OpenAI-Organization": _omit(),
            "OpenAI-Project": _omit(),
        },
    }


def _omit() -> object:
    from openai import Omit

    return Omit()


def _http_client(settings: Settings, kind: str) -> Any:
    """Build the SDK's own HTTP client, with our proxy and certificates."""
    import openai

    network = PoolKey.create(settings.root, settings.ca_bundle, settings.proxy)
    make = openai.DefaultHttpxClient if kind == "Client" else openai.DefaultAsyncHttpxClient
    return make(
        base_url=settings.base_url,
        verify=tls_context(network.ca_bundle) if network.is_tls else True,
        proxy=network.proxy,
        trust_env=False,
        follow_redirects=False,
    )
