"""Model catalog: capabilities, lifecycles and redirects of the service's models.

The packaged catalog (from the documentation and one saved model list, both dated in ``about()``)
is loaded on first use; ``refresh(client)`` or ``update(live_models)`` merges the current answer of
``GET /v1/models`` into it for this process.

Names are imported at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmaas._lazy import import_at_first_use

if TYPE_CHECKING:
    from llmaas.catalog.catalog import Catalog
    from llmaas.catalog.comparison import Diff, Redirect, RedirectChangesCapabilityError, diff
    from llmaas.catalog.filtering import filter  # noqa: A004 - read as catalog.filter(...)
    from llmaas.catalog.lifecycle import forget_warnings, lifecycle_note, warn_once
    from llmaas.catalog.model import Model, Resolution
    from llmaas.catalog.model_facts import ModelProfile
    from llmaas.catalog.model_lookup import find_model, max_output_default
    from llmaas.catalog.profile import Profile
    from llmaas.catalog.profile_file import ProfileError
    from llmaas.catalog.reasoning import reasoning_efforts
    from llmaas.catalog.request_choice import choose_for_request
    from llmaas.catalog.selection import Choice, NoSuchModelError, choose
    from llmaas.catalog.state import (
        about,
        all_models,
        arefresh,
        get,
        refresh,
        reset,
        resolve,
        similar,
        update,
    )

__all__ = [
    "Catalog",
    "Choice",
    "Diff",
    "Model",
    "ModelProfile",
    "NoSuchModelError",
    "Profile",
    "ProfileError",
    "Redirect",
    "RedirectChangesCapabilityError",
    "Resolution",
    "about",
    "all_models",
    "arefresh",
    "choose",
    "choose_for_request",
    "diff",
    "filter",
    "find_model",
    "forget_warnings",
    "get",
    "lifecycle_note",
    "max_output_default",
    "reasoning_efforts",
    "refresh",
    "reset",
    "resolve",
    "similar",
    "update",
    "warn_once",
]

_NAMES_BY_MODULE = {
    "catalog": "Catalog",
    "comparison": "Diff Redirect RedirectChangesCapabilityError diff",
    "filtering": "filter",
    "lifecycle": "forget_warnings lifecycle_note warn_once",
    "model": "Model Resolution",
    "model_facts": "ModelProfile",
    "model_lookup": "find_model max_output_default",
    "profile": "Profile",
    "profile_file": "ProfileError",
    "reasoning": "reasoning_efforts",
    "request_choice": "choose_for_request",
    "selection": "Choice NoSuchModelError choose",
    "state": "about all_models arefresh get refresh reset resolve similar update",
}

_MODULE_BY_NAME = {name: home for home, names in _NAMES_BY_MODULE.items() for name in names.split()}

__getattr__ = import_at_first_use(globals(), _MODULE_BY_NAME)


def __dir__() -> list[str]:
    return sorted(__all__)
