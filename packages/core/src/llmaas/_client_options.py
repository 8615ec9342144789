"""Arguments of a client: the field of ``Settings`` that each sets, and its parser."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmaas._api_key import APIKey, key_from_environment
from llmaas._errors_base import ConfigurationError
from llmaas._option_parsing import (
    Limits,
    Timeout,
    given_profile,
    parse_count,
    parse_deadline,
    parse_headers,
    parse_model_names,
)
from llmaas.urls import DEFAULT_BASE_URL, normalize_base_url
from llmaas.wire.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from llmaas.catalog.profile import Profile

URL_VARIABLE = "LLMAAS_BASE_URL"
CA_VARIABLE = "LLMAAS_CA_BUNDLE"
VENDOR_URL_VARIABLE = "LLMAAS_API_URL"  # the vendor's own products'; the second choice


@dataclass(frozen=True, slots=True)
class Option:
    """An argument of a client."""

    field: str
    """The field of ``Settings`` that it sets."""
    parse: Callable[[Any], object]
    """Parser of its values. Raises ``ConfigurationError``."""
    reads_environment: bool = False
    """Whether ``parse(None)`` reads a variable if the argument is not given."""
    is_public: bool = False
    """Whether ``Settings.to_public_dict`` returns it, if it differs from the default."""


def address_from_environment() -> str | None:
    """Return the address that the environment sets, or None."""
    return os.environ.get(URL_VARIABLE) or os.environ.get(VENDOR_URL_VARIABLE) or None


def _parse_key(value: Any) -> APIKey:
    return key_from_environment() if value is None else APIKey(value)


def _parse_base_url(value: str | None) -> str:
    return normalize_base_url(value or address_from_environment() or DEFAULT_BASE_URL)


def _parse_max_retries(value: object) -> RetryPolicy:
    return RetryPolicy(max_retries=parse_count(value, "max_retries"))


def _parse_profile(value: Any) -> Profile | None:
    if given_profile(value) is None:
        return None
    from llmaas.catalog.profile_loading import load_profile  # slow to import, and seldom needed

    return load_profile(value)


def _parse_ca_bundle(value: str | None) -> str | None:
    return value or os.environ.get(CA_VARIABLE) or None


def _parse_max_file_bytes(value: object) -> int:
    return parse_count(value, "max_file_bytes")


def _parse_limits(value: object) -> Limits:
    if value is None:
        return Limits()
    if not isinstance(value, Limits):
        raise ConfigurationError(f"limits must be a Limits, got {value!r}.")
    return value


def _keep(value: object) -> object:
    return value


OPTIONS: Mapping[str, Option] = {
    "base_url": Option("root", _parse_base_url, reads_environment=True),
    "api_key": Option("key", _parse_key, reads_environment=True),
    "timeout": Option("timeout", Timeout.coerce),
    "max_retries": Option("retry", _parse_max_retries),
    "deadline": Option("deadline", parse_deadline, is_public=True),
    "ca_bundle": Option("ca_bundle", _parse_ca_bundle, reads_environment=True, is_public=True),
    "proxy": Option("proxy", _keep),
    "headers": Option("headers", parse_headers),
    "conform": Option("conform", _keep, is_public=True),
    "limits": Option("limits", _parse_limits),
    "hooks": Option("hooks", tuple),
    "fallbacks": Option("fallbacks", parse_model_names, is_public=True),
    "retry_empty": Option("retry_empty", _keep, is_public=True),
    "max_file_bytes": Option("max_file_bytes", _parse_max_file_bytes, is_public=True),
    "strict": Option("strict", _keep, is_public=True),
    "profile": Option("profile", _parse_profile, reads_environment=True, is_public=True),
}
"""Options by the argument of a client."""


def find_option(argument: str) -> Option:
    """Look up an option. Raises ``TypeError`` for an unknown argument."""
    try:
        return OPTIONS[argument]
    except KeyError:
        raise TypeError(f"LLMaaS() got an unexpected keyword argument {argument!r}") from None


def parse_options(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Parse arguments of a client to fields of ``Settings``.

    Raises ``ConfigurationError`` for an invalid value, and ``TypeError`` for an unknown name.
    """
    options = {find_option(name): value for name, value in arguments.items()}
    return {option.field: option.parse(value) for option, value in options.items()}
