"""One request on its way, and the reply that a service makes to it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.catalog import Model
from llmaas_sandbox.errors import Json, bad_request
from llmaas_sandbox.faults.parse import NO_FAULTS, Faults
from llmaas_sandbox.gateway.scripts import Step
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.gateway.used import Used
from llmaas_sandbox.machines.fleet import Lease

__all__ = ["Endpoint", "Exchange", "Handler", "Reply", "Used", "given"]

_sorted = json.JSONEncoder(sort_keys=True).encode
_BOUNDARY = re.compile(r'boundary="?([^";]+)')


@dataclass(slots=True)
class Exchange:
    """A request that passed the gate."""

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
    _gist: bytes | None = field(default=None, init=False)

    @property
    def body(self) -> Json:
        """The JSON object of the request; refused when it is something else."""
        if not isinstance(self.parsed, dict):
            raise bad_request("The body must be a JSON object")
        return self.parsed

    @property
    def backend(self) -> dict[str, str]:
        """The engine and the machine that answer."""
        return self.lease.machine.backend if self.lease else {}

    @property
    def gist(self) -> bytes:
        """What is asked, whatever order of keys or boundary a client writes it with."""
        if self._gist is None:
            self._gist = self._find_gist()
        return self._gist

    @gist.setter
    def gist(self, known: bytes) -> None:
        self._gist = known

    def _find_gist(self) -> bytes:
        if self.parsed is not None:
            return _sorted(self.parsed).encode()
        boundary = _BOUNDARY.search(self.headers.get("content-type", ""))
        return self.raw.replace(boundary[1].encode("latin-1"), b"") if boundary else self.raw

    def give_step_back(self) -> None:
        """Leave the scripted step to the next request: this one is answered without it."""
        if self.step is not None:
            self.state.scripts.give_back(self.step)
            self.step = None

    def release(self) -> None:
        """Give the machine back."""
        if self.lease:
            self.lease.release()


@dataclass(slots=True)
class Reply:
    """What a service answers: an object, a stream of chunks, or bytes."""

    payload: Any = None
    chunks: list[Json] | None = None
    events: list[bytes] | None = None
    """Instead of ``chunks``: the events as they are sent, ``[DONE]`` included."""
    media: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    used: Used = field(default_factory=Used)
    source: AsyncIterator[bytes] | None = None
    """A stream that is still to come, from an engine behind the sandbox."""
    hides_usage: bool = False
    """The engine was asked for a usage that the client did not ask for."""
    batch: bool = False
    """Billed at the batch price."""


def given(body: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a field; null counts as absent."""
    value = body.get(name)
    return default if value is None else value


Handler: TypeAlias = Callable[[Exchange], Reply | Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the service and the function that answers it."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    handler: Handler
    takes: Literal["json", "form", "nothing"] = "json"
    open_to: Literal["key", "admin", "both", "everyone"] = "key"
    metered: bool = False
    """Counts against the tier, and is refused when its limit is reached."""
    audited: bool = True
