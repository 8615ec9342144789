"""What an operator decides: environment variables, and a file that names the end users."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Account:
    """An end user: what opens the door, and how much may be used."""

    name: str
    token_sha256: str = field(repr=False)
    eur: float
    """In all; raise it to top up."""
    tokens_per_hour: int
    """Output tokens."""


@dataclass(frozen=True)
class Config:
    """Everything that may differ between two places where this runs. Times in seconds."""

    accounts: tuple[Account, ...]
    ledger: str | None = None
    """A SQLite file that several workers and restarts share; None counts in memory."""
    default_model: str = "gpt-oss:120b"
    max_output_tokens: int = 4_096
    """The most that one answer may have: it is what quota and budget set aside beforehand."""
    max_body_bytes: int = 20_000_000
    """Room for a few pictures; larger bodies are refused (413) unread."""
    notice: float = 2.0
    """How long a load balancer has to see that we are not ready any more, at least."""
    drain: float = 60.0
    """How long running answers may take to finish after SIGTERM, at most."""
    host: str = "127.0.0.1"
    port: int = 8000

    @classmethod
    def of_environment(cls) -> Config:
        """Read the ``APP_*`` variables."""
        env = os.environ
        return cls(
            accounts=accounts(Path(env.get("APP_USERS", HERE / "users.toml"))),
            ledger=env.get("APP_LEDGER"),
            default_model=env.get("APP_MODEL", cls.default_model),
            max_output_tokens=int(env.get("APP_MAX_OUTPUT_TOKENS", cls.max_output_tokens)),
            max_body_bytes=int(env.get("APP_MAX_BODY_BYTES", cls.max_body_bytes)),
            notice=float(env.get("APP_NOTICE_SECONDS", cls.notice)),
            drain=float(env.get("APP_DRAIN_SECONDS", cls.drain)),
            host=env.get("APP_HOST", cls.host),
            port=int(env.get("APP_PORT", cls.port)),
        )


def accounts(path: Path) -> tuple[Account, ...]:
    """Read the file of end users."""
    users = tomllib.loads(path.read_text("utf-8"))["users"]
    return tuple(Account(name, **facts) for name, facts in users.items())
