"""The catalog in force in this process: the packaged one until a live list is laid over it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from llmaas.catalog.catalog import Catalog
from llmaas.catalog.loader import packaged
from llmaas.catalog.model import Model, Resolution
from llmaas.types import LiveModel
from llmaas.warnings import StaleCatalogWarning, warn

DEFAULT_MAX_OUTPUT = 16_384
"""Tokens. The service's own default of 1,024 is eaten by reasoning before any answer."""

_live: Catalog | None = None


class ListsModels(Protocol):
    """Anything that can list the live models, such as ``LLMaaS``."""

    def models(self) -> list[LiveModel]:
        """Return the answer of ``GET /v1/models``."""
        ...


class ListsModelsLater(Protocol):
    """An ``AsyncLLMaaS``, or whatever else lists models."""

    def models(self) -> Awaitable[Iterable[LiveModel]]:
        """Return the models that the service lists."""
        ...


def current() -> Catalog:
    """Return the catalog in force."""
    return packaged() if _live is None else _live


def get(name: str) -> Model | None:
    """Return what is known of a model by its id or alias, or None."""
    return current().get(name)


def resolve(name: str) -> Resolution:
    """Tell which model answers to ``name``, and whether that is a redirect."""
    return current().resolve(name)


def all_models() -> tuple[Model, ...]:
    """Return every model, documented or listed, served or not."""
    return tuple(current().models.values())


def about() -> Mapping[str, str]:
    """Return the dates and sources of the facts."""
    return current().about


def similar(name: str) -> list[str]:
    """Return up to three ids that are spelled much like ``name``, the nearest first."""
    from difflib import get_close_matches

    return get_close_matches(name[:200], list(current().models), 3, 0.6)


def max_output_default(name: str) -> int:
    """Return the ``max_tokens`` to ask for: 16,384, at most half of the known context."""
    model = resolve(name).model
    context = model.context if model else None
    return min(DEFAULT_MAX_OUTPUT, context // 2) if context else DEFAULT_MAX_OUTPUT


def refresh(client: ListsModels) -> bool:
    """Ask the service which models it serves and keep the answer for this process.

    Returns False, with a ``StaleCatalogWarning``, when the list does not come: the catalog at
    hand stays in force. A refused key raises.
    """
    try:
        update(client.models())
    except Exception as error:
        if not is_unavailable(error):
            raise
        warn_stale(error)
        return False
    return True


async def arefresh(client: ListsModelsLater) -> bool:
    """Do what ``refresh`` does, for an ``AsyncLLMaaS``."""
    try:
        update(await client.models())
    except Exception as error:
        if not is_unavailable(error):
            raise
        warn_stale(error)
        return False
    return True


def is_unavailable(error: Exception) -> bool:
    """Whether a list did not come for now: no connection, no answer in time, or a 5xx."""
    from llmaas.errors import APIConnectionError, InternalServerError

    return isinstance(error, APIConnectionError | InternalServerError)


def warn_stale(error: Exception) -> None:
    """Warn that the catalog at hand stays in force."""
    warn(
        f"The service did not list its models ({getattr(error, 'message', error)}) "
        f"The catalog of {about()['observed_at'][:10]} is used.",
        StaleCatalogWarning,
    )


def update(listed: Iterable[LiveModel]) -> None:
    """Lay a live list over the catalog (for async code: ``update(await client.models())``)."""
    global _live
    _live = current().with_live(listed, datetime.now(UTC).isoformat(timespec="seconds"))


def reset() -> None:
    """Go back to the packaged catalog."""
    global _live
    _live = None
