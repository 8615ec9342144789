"""What a sandbox may be told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from llmaas_sandbox.tls.authority import Kind

RerankShape = Literal["new", "old"]


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one sandbox. Everything has a default that a test can live with."""

    api_keys: tuple[str, ...] = ("sk-sandbox",)
    """Keys that work from the start, for the tenant ``default``."""
    admin_key: str = "sk-sandbox-admin"
    """The key of ``/admin`` and of the console."""
    tier: str = "monthly"
    """The billing tier of ``api_keys``: 1 to 4, or ``monthly`` without limits."""
    data_dir: Path | None = None
    """Where keys, audit and quotas are kept; None keeps them in memory."""
    redis_url: str | None = None
    """Where several sandboxes share their quotas (extra ``redis``)."""
    faults: str = ""
    """Faults for every request, written as in the ``x-sandbox-fault`` header."""
    seed: int = 0
    """What faults with odds (``status:503@0.2``) and jitter are drawn from."""
    rerank_shape: RerankShape = "new"
    tokens_per_second: float = 0.0
    """Pace of answers; 0 answers at once."""
    frozen_at: float | None = None
    """Epoch seconds at which the clock stands still: the same answers, byte for byte, every day."""
    speed: float = 0.0
    """Pace by the catalog's figures for each model and machine: 1 is real time, 0 is off."""
    machine_capacity: int | None = None
    """Requests that a machine serves at a time; beyond all machines' the answer is 503."""
    max_body_bytes: int = 50_000_000
    audit_content: bool = False
    """Whether the audit trail keeps requests, not only who asked."""
    alert_webhook: str | None = None
    strict_lifecycle: bool = False
    """Whether models past their end of support answer 404, or their successor answers."""
    prompt_filter: bool = False
    """Whether prompts pass the three historical checks (403)."""
    batch_enabled: bool = True
    """False answers 501, as some instances do."""
    batch_night_only: bool = False
    """Whether lots wait for the documented window: nights and weekends."""
    legacy_batches: bool = False
    """Whether the retired ``/v1/files`` and ``/v1/batches`` exist."""
    tls: Kind | None = None
    """Speak TLS 1.3 with a certificate of this kind, by an authority made on the spot."""
    upstream: str | None = None
    """Address of an OpenAI-compatible engine that answers instead of the sandbox."""
    upstream_key: str | None = None
    record: Path | None = None
    """Folder that keeps each exchange with ``upstream``, without headers and keys."""
    replay: Path | None = None
    """Folder of recorded exchanges that answer equal requests."""
    replay_fallback: bool = False
    """Whether ``upstream`` or the sandbox answers what was not recorded, instead of a 404."""
    replay_speed: float = 0.0
    """Pace of replayed answers: 1 is as recorded, 0 is at once."""
    allowed_hosts: tuple[str, ...] = ()
    """Further names by which ``/admin`` and the console may be reached."""
    workers: int = 1
    """Processes that share keys, limits, batches and audit; only ``--workers`` starts them."""

    def __post_init__(self) -> None:
        if not self.admin_key.strip():
            raise ValueError(f"admin_key must not be empty, got {self.admin_key!r}.")
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers!r}.")
        if self.record and not self.upstream:
            raise ValueError("record needs an upstream, whose answers it keeps: set upstream.")
        if self.replay_speed < 0:
            raise ValueError(f"replay_speed must be at least 0, got {self.replay_speed!r}.")
        if not self.api_keys or not all(key.strip() for key in self.api_keys):
            raise ValueError(f"api_keys must hold keys that are not empty, got {self.api_keys!r}.")

    def check_exposure(self, host: str) -> None:
        """Refuse the default keys, which everybody knows, on an address that others reach."""
        if is_loopback(host):
            return
        for name in ("api_keys", "admin_key"):
            if getattr(self, name) == Config.__dataclass_fields__[name].default:
                raise ValueError(
                    f"{name} must be set when the host is {host}: everybody knows the default. "
                    f"Give keys of your own, or listen on 127.0.0.1."
                )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, and reached from this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
