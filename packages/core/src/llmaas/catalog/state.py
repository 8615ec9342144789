"""State of the catalog in this process: the packaged one, until a live list is merged into it."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, Self

from llmaas._fork import reset_after_fork
from llmaas._once import OncePerKey
from llmaas.catalog.catalog import Catalog
from llmaas.catalog.loader import load_packaged
from llmaas.catalog.model import Model, Resolution
from llmaas.types import LiveModel
from llmaas.warnings import StaleCatalogWarning, warn

if TYPE_CHECKING:
    from llmaas.catalog.call_facts import CallFacts

DEFAULT_MAX_OUTPUT = 16_384
"""Tokens. Reasoning can use up the service's default of 1,024 before any answer."""


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """A catalog, and a cache of the facts read from it by ``llmaas.catalog.facts``."""

    catalog: Catalog
    facts: dict[str, CallFacts] = field(default_factory=dict)


class CatalogState:
    """Everything about the catalog that changes while a process runs; ``STATE`` is the only one.

    It lives as long as the process. ``merge`` replaces the version as a whole, so that readers
    need no lock. A forked child inherits the state, with a lock of its own.
    """

    def __init__(self) -> None:
        self.warned_names = OncePerKey()
        """Names of models that ``warn_once`` reported."""
        self._version: CatalogVersion | None = None
        self._lock = threading.Lock()
        reset_after_fork(self)

    @property
    def version(self) -> CatalogVersion:
        """Return the current version; load the packaged catalog on first use."""
        return self._version or self._load()

    def _load(self) -> CatalogVersion:
        with self._lock:
            self._version = self._version or CatalogVersion(load_packaged())
            return self._version

    def merge(self, listed: Iterable[LiveModel], observed_at: str) -> None:
        """Merge a live model list, after those of concurrent threads."""
        before = self.version
        with self._lock:
            before = self._version or before
            self._version = CatalogVersion(before.catalog.with_live(listed, observed_at))

    def reset(self) -> None:
        """Restore the state of a new process."""
        with self._lock:
            self._version = None
        self.warned_names.clear()

    def renew(self) -> None:
        """Replace the lock in a forked child: a thread of the parent may have held it."""
        self._lock = threading.Lock()


STATE = CatalogState()


class ListsModels(Protocol):
    """Object that lists the live models, such as ``LLMaaS``."""

    def models(self) -> list[LiveModel]:
        """Return the models that the service lists."""
        ...


class AsyncListsModels(Protocol):
    """Object that lists the live models with asyncio, such as ``AsyncLLMaaS``."""

    def models(self) -> Awaitable[Iterable[LiveModel]]:
        """Return the models that the service lists."""
        ...


def current() -> Catalog:
    """Return the current catalog."""
    return STATE.version.catalog


def get(name: str) -> Model | None:
    """Look up a model by its ID, alias or redirected name; None if unknown."""
    return current().get(name)


def resolve(name: str) -> Resolution:
    """Find the model that answers to ``name``, and whether that is a redirect."""
    return current().resolve(name)


def all_models() -> tuple[Model, ...]:
    """Return all models, documented or listed, served or not."""
    return tuple(current().models.values())


def about() -> Mapping[str, str]:
    """Return the dates and sources of the catalog."""
    return current().about


def similar(name: str) -> list[str]:
    """Find up to three IDs that are spelled like ``name``, the closest first."""
    from difflib import get_close_matches

    return get_close_matches(name[:200], list(current().models), 3, 0.6)


def refresh(client: ListsModels) -> bool:
    """Request the model list and merge it into the catalog of this process.

    Returns False, with a ``StaleCatalogWarning``, if the service is unavailable. Other errors,
    such as a refused key, are raised.
    """
    with _Refresh() as attempt:
        update(client.models())
    return attempt.succeeded


async def arefresh(client: AsyncListsModels) -> bool:
    """Do the same as ``refresh``, for ``AsyncLLMaaS``."""
    with _Refresh() as attempt:
        update(await client.models())
    return attempt.succeeded


class _Refresh:
    """Context of a refresh. It turns an unavailable service into a ``StaleCatalogWarning``."""

    succeeded = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        self.succeeded = error is None
        if not isinstance(error, Exception) or not is_unavailable(error):
            return False
        warn_stale(error)
        return True


def is_unavailable(error: Exception) -> bool:
    """Whether an error is temporary: a broken connection, a timeout or a 5xx."""
    from llmaas.errors import APIConnectionError, InternalServerError

    return isinstance(error, APIConnectionError | InternalServerError)


def warn_stale(error: Exception) -> None:
    """Warn that the catalog was not updated."""
    warn(
        f"The service did not list its models ({getattr(error, 'message', error)}) "
        f"The catalog of {about()['observed_at'][:10]} is used.",
        StaleCatalogWarning,
    )


def update(listed: Iterable[LiveModel]) -> None:
    """Merge a live list into the catalog (with asyncio: ``update(await client.models())``)."""
    STATE.merge(listed, datetime.now(UTC).isoformat(timespec="seconds"))


def reset() -> None:
    """Restore the packaged catalog, and warn again about names already warned about."""
    STATE.reset()
