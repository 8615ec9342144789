"""Machines in clusters by model size, and selection of the least busy one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from zlib import crc32

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.errors import status_error

Health = Literal["healthy", "draining", "dead"]
CLUSTERS = ("small", "medium", "large")
PER_CLUSTER = 4
_ENGINES = {"small": "engo", "medium": "vllm", "large": "vllm"}
_SPEEDS = (1.0, 1.0, 0.9, 1.15)
_SMALL, _MEDIUM = 10.0, 45.0
"""Billions of parameters up to which a model is small, or medium."""


@dataclass(slots=True)
class Machine:
    """One GPU machine."""

    name: str
    cluster: str
    engine: str
    speed: float
    health: Health = "healthy"
    in_flight: int = 0
    served: int = 0

    @property
    def takes_work(self) -> bool:
        """Whether the machine accepts new requests."""
        return self.health == "healthy"

    @property
    def backend(self) -> dict[str, str]:
        """The ``backend`` object of responses."""
        return {"engine_type": self.engine, "machine_name": self.name}


@dataclass(slots=True)
class Lease:
    """Slot on a machine for the duration of one request."""

    machine: Machine
    _open: bool = field(default=True)

    def release(self) -> None:
        """Release the slot."""
        if self._open:
            self.machine.in_flight -= 1
            self._open = False


class Fleet:
    """Twelve machines; ``capacity`` limits the requests that one serves at a time."""

    def __init__(self, capacity: int | None = None) -> None:
        self.capacity = capacity
        self.machines = {m.name: m for m in _machines()}
        order = {name: CLUSTERS[i:] + CLUSTERS[::-1] for i, name in enumerate(CLUSTERS)}
        self._preferred = {name: [self._of(c) for c in order[name]] for name in CLUSTERS}

    def _of(self, cluster: str) -> list[Machine]:
        return [m for m in self.machines.values() if m.cluster == cluster]

    def acquire(self, model: Model, seed: bytes = b"") -> Lease:
        """Acquire a slot on the least busy machine of the model's cluster, or a larger one.

        Ties are broken by the content of the request, so that the same request
        to an idle sandbox always gets the same machine. Raises a 503 refusal if none is free.
        """
        free = self.free_for(model)
        if not free:
            raise status_error(503)
        least = min([m.in_flight for m in free])
        idle = [m for m in free if m.in_flight == least]
        machine = idle[crc32(seed) % len(idle)]
        machine.in_flight += 1
        machine.served += 1
        return Lease(machine)

    def free_for(self, model: Model) -> list[Machine]:
        """Return the machines of one cluster that can serve a model now."""
        capacity = self.capacity
        for machines in self._preferred[select_cluster(model)]:
            free = [
                m
                for m in machines
                if m.health == "healthy" and (capacity is None or m.in_flight < capacity)
            ]
            if free:
                return free
        return []

    def set_health(self, name: str, health: Health) -> Machine:
        """Set a machine to ``healthy``, ``draining`` or ``dead``."""
        machine = self.machines[name]
        machine.health = health
        return machine

    @property
    def down(self) -> int:
        """Number of machines that accept no requests."""
        return sum(1 for m in self.machines.values() if not m.takes_work)

    def restore(self) -> None:
        """Make every machine healthy."""
        for machine in self.machines.values():
            machine.health = "healthy"


def _machines() -> Iterator[Machine]:
    for c, cluster in enumerate(CLUSTERS):
        for i in range(PER_CLUSTER):
            name = f"ma{c * PER_CLUSTER + i + 1:02d}"
            yield Machine(name, cluster, _ENGINES[cluster], _SPEEDS[i])


def select_cluster(model: Model) -> str:
    """Select the cluster for a model's size; medium if the size is unknown."""
    return _cluster(f"{model.parameters or ''} {model.id}"[:300].lower())


@lru_cache(maxsize=256)
def _cluster(text: str) -> str:
    found = re.search(r"(\d+(?:\.\d+)?)\s*([bm])\b", text)
    if not found:
        return "medium"
    billions = float(found[1]) / (1000 if found[2] == "m" else 1)
    return "small" if billions <= _SMALL else "medium" if billions <= _MEDIUM else "large"
