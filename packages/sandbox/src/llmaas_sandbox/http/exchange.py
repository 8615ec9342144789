"""Request context, and the endpoint that handles it."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.catalog import Model
from llmaas_sandbox.errors import Json, bad_request
from llmaas_sandbox.faults.parse import NO_FAULTS, Faults
from llmaas_sandbox.machines.fleet import Lease
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.scripted_responses import Step
from llmaas_sandbox.state import State

_sorted = json.JSONEncoder(sort_keys=True).encode
_BOUNDARY = re.compile(r'boundary="?([^";]+)')


@dataclass(slots=True)
class Exchange:
    """Context of one request in the pipeline."""

    state: State
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    path_params: Mapping[str, str]
    raw: bytes = b""
    caller: Key | None = None
    is_admin: bool = False
    faults: Faults = NO_FAULTS
    step: Step | None = None
    parsed: Any = None
    form: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    model: Model | None = None
    requested: str | None = None
    """The model's name as the client wrote it."""
    lease: Lease | None = None
    _fingerprint: bytes | None = field(default=None, init=False)

    @property
    def body(self) -> Json:
        """The JSON object of the request; anything else is rejected (400)."""
        if not isinstance(self.parsed, dict):
            raise bad_request("The body must be a JSON object")
        return self.parsed

    @property
    def backend(self) -> dict[str, str]:
        """The engine and the machine that answer."""
        return self.lease.machine.backend if self.lease else {}

    @property
    def fingerprint(self) -> bytes:
        """Content of the request, independent of key order and multipart boundary."""
        if self._fingerprint is None:
            self._fingerprint = self._find_fingerprint()
        return self._fingerprint

    @fingerprint.setter
    def fingerprint(self, known: bytes) -> None:
        self._fingerprint = known

    def _find_fingerprint(self) -> bytes:
        if self.parsed is not None:
            return _sorted(self.parsed).encode()
        boundary = _BOUNDARY.search(self.headers.get("content-type", ""))
        return self.raw.replace(boundary[1].encode("latin-1"), b"") if boundary else self.raw

    def return_step(self) -> None:
        """Return the scripted step to the queue for the next request."""
        if self.step is not None:
            self.state.scripted_responses.give_back(self.step)
            self.step = None

    def release(self) -> None:
        """Release the machine."""
        if self.lease:
            self.lease.release()


Handler: TypeAlias = Callable[[Exchange], Reply | Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Path of the service with its handler and access rules."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    handler: Handler
    takes: Literal["json", "form", "nothing"] = "json"
    open_to: Literal["key", "admin", "both", "everyone"] = "key"
    metered: bool = False
    """Counts against the tier, and is refused when its limit is reached."""
    audited: bool = True
