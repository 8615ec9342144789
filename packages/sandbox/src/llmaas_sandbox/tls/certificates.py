"""Kinds and files of test certificates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["good", "expired", "wrong-host", "self-signed"]


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files of a server certificate and its certificate authority."""

    certificate: Path
    key: Path
    authority: Path
