"""Configuration: environment variables and a file of end users."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Account:
    """End user with a hashed token, a budget and a quota."""

    name: str
    token_sha256: str = field(repr=False)
    eur: float
    """Total budget in EUR. Increase it to add credit."""
    tokens_per_hour: int
    """Maximum output tokens per hour."""


@dataclass(frozen=True)
class Config:
    """Deployment settings. Times are in seconds."""

    accounts: tuple[Account, ...]
    ledger: str | None = None
    """SQLite file, shared by workers and kept across restarts. None counts in memory."""
    default_model: str = "gpt-oss:120b"
    max_output_tokens: int = 4_096
    """Maximum tokens of an answer. Quota and budget reserve this amount per request."""
    max_body_bytes: int = 20_000_000
    """Maximum body size, enough for a few images. Larger bodies are rejected unread (413)."""
    notice: float = 2.0
    """Minimum time between "not ready" and shutdown, for load balancers."""
    drain: float = 60.0
    """Maximum time for running requests to finish after SIGTERM."""
    host: str = "127.0.0.1"
    port: int = 8000

    @classmethod
    def of_environment(cls) -> Config:
        """Read the ``APP_*`` environment variables."""
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
