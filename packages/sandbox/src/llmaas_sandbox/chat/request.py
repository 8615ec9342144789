"""Chat request after authorization: what composing an answer needs, without the HTTP layer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.errors import Json
from llmaas_sandbox.faults.parse import Faults
from llmaas_sandbox.scripted_responses import Step


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One conversation to answer, with the model, machine and faults that apply to it."""

    body: Json
    model: Model
    requested: str
    """Name of the model as the client wrote it."""
    faults: Faults
    step: Step | None
    fingerprint: bytes
    backend: dict[str, str]
    """Engine and machine that answer."""
    created: int
    """Epoch seconds."""
    attempts: Counter[str]
    """Attempts per subject, for faults that only affect the first ones."""
