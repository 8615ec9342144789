"""Protection against cross-origin requests and DNS rebinding."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from llmaas_sandbox.config import is_loopback
from llmaas_sandbox.errors import bad_request, forbidden
from llmaas_sandbox.state import State

_GUARDED = ("/admin", "/console", "/metrics")


def check_origin(state: State, path: str, headers: Mapping[str, str]) -> None:
    """Reject a foreign ``Origin`` (403) and an unknown ``Host`` (421).

    A page of another site cannot leave ``Origin`` out, and a name that an attacker points at
    this machine (DNS rebinding) stands in ``Host``.
    """
    host, origin = headers.get("host", ""), headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise forbidden(f"Requests from the origin '{origin[:100]}' are not answered")
    guarded = origin is not None or path.startswith(_GUARDED)
    if guarded and is_loopback(state.host) and not _is_ours(host, state):
        raise bad_request(f"This sandbox is not '{host[:100]}'", status=421)


def _is_ours(host: str, state: State) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return is_loopback(name) or name in (state.host, *state.config.allowed_hosts)
