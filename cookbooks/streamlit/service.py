"""Endpoint, client and available models."""

from __future__ import annotations

import atexit
from contextlib import ExitStack

import streamlit as st

from llmaas import LLMaaS, catalog
from llmaas.catalog import Model
from llmaas.pricing import token_price_eur
from llmaas_cli.demo import Endpoint, open_endpoint

CHATS = ("chat", "code", "vision")
DEFAULT_MODEL = "gpt-oss:120b"
SANDBOX_PACE = 40.0
"""Tokens per second of the embedded sandbox, slow enough to show streaming."""


@st.cache_resource(show_spinner=False)
def backed_by() -> Endpoint:
    """Open the service if ``LLMAAS_API_KEY`` is set, else a sandbox until the process exits."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_endpoint(tokens_per_second=SANDBOX_PACE))


@st.cache_resource(show_spinner=False)
def shared_client() -> LLMaaS:
    """Create the client. All sessions share its connections."""
    where = backed_by()
    return LLMaaS(api_key=where.api_key, base_url=where.base_url)


@st.cache_data(ttl=600, show_spinner="Asking which models there are …")
def chat_models() -> list[Model]:
    """List the chat models that the key can access, with their catalog entries."""
    catalog.refresh(shared_client())  # on failure, the packaged catalog applies
    found = catalog.filter(live=True)
    chatting = [model for model in found if model.category in CHATS]
    return sorted(chatting, key=lambda model: (model.id != DEFAULT_MODEL, model.id))


def label(model: Model) -> str:
    """Format a picker entry: the model's name and capabilities."""
    skills = [name for name in ("reasoning", "vision", "tools") if getattr(model, name)]
    return " · ".join([model.id, *skills])


def facts(model: Model) -> str:
    """Format the catalog entry, one value per line. Unknown values are omitted."""
    price = token_price_eur(model.category)
    known = [
        " · ".join(filter(None, [model.publisher, model.parameters])),
        model.context and f"{model.context:,} tokens of context",
        model.tokens_per_second and f"{model.tokens_per_second:g} tokens per second",
        price and f"{price:g} EUR per million tokens out",
        model.kwh_per_mtoken and f"{model.kwh_per_mtoken:g} kWh per million tokens",
        model.end_of_support and f"supported until {model.end_of_support}",
    ]
    return "  \n".join(fact for fact in known if fact)


def who_answers() -> str:
    """Describe the endpoint, so that users recognize the sandbox."""
    where = backed_by()
    if where.is_sandbox:
        return "Answered by the embedded sandbox: it only quotes. Set `LLMAAS_API_KEY` for more."
    return f"Answered by `{where.base_url}`."
