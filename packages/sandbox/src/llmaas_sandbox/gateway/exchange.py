"""One request on its way, and the reply that a service makes to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from llmaas_sandbox.catalogue import Model
from llmaas_sandbox.errors import Json, bad_request
from llmaas_sandbox.faults.parse import Faults
from llmaas_sandbox.gateway.scripts import Step
from llmaas_sandbox.gateway.state import State


@dataclass(frozen=True, slots=True)
class Used:
    """What an answer is billed for."""

    prompt: int = 0
    completion: int = 0
    reasoning: int = 0
    documents: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Exchange:
    """A request that passed the gate."""

    state: State
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    path_params: Mapping[str, str]
    key: str | None
    faults: Faults = field(default_factory=Faults)
    step: Step | None = None
    parsed: Any = None
    form: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    model: Model | None = None
    backend: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Json:
        """The JSON object of the request; refused when it is something else."""
        if not isinstance(self.parsed, dict):
            raise bad_request("The body must be a JSON object")
        return self.parsed


@dataclass(slots=True)
class Reply:
    """What a service answers: an object, a stream of chunks, or bytes."""

    payload: Any = None
    chunks: list[Json] | None = None
    media: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    used: Used = field(default_factory=Used)


Handler: TypeAlias = Callable[[Exchange], Reply | Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the service and the function that answers it."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    handler: Handler
    takes: Literal["json", "form", "nothing"] = "json"
    public: bool = False
    """Open without a key."""
