"""Models that the picker offers, and the model that answers a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from history import has_images
from llmaas import LLMaaS, catalog
from llmaas_cli.demo import Endpoint

CHATS = ("chat", "code", "vision")
CHAT_MODEL, VISION_MODEL = "gpt-oss:120b", "gemma4:31b"


def choices(where: Endpoint) -> list[tuple[str, str]]:
    """List the chat models that the key can access: label and name."""
    with LLMaaS(api_key=where.api_key, base_url=where.base_url) as client:
        catalog.refresh(client)  # on failure, the packaged catalog applies
    found = [model for model in catalog.filter(live=True) if model.category in CHATS]
    ordered = sorted(found, key=lambda model: (model.id != CHAT_MODEL, model.id))
    return [(_label(model), model.id) for model in ordered]


def for_messages(chosen: str, messages: Iterable[Mapping[str, Any]]) -> str:
    """Return the chosen model, or a model with vision if the messages require one."""
    if not has_images(messages):
        return chosen
    found = catalog.resolve(chosen).model
    return chosen if found and found.vision else VISION_MODEL


def _label(model: catalog.Model) -> str:
    skills = [name for name in ("reasoning", "vision", "tools") if getattr(model, name)]
    return " · ".join([model.id, *skills])
