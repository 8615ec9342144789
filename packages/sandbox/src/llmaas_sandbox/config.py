"""Configuration of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from llmaas_sandbox.tls.certificates import Kind

RerankShape = Literal["new", "old"]


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one sandbox. Every default suits tests."""

    api_keys: tuple[str, ...] = ("sk-sandbox",)
    """Initial keys, for the tenant ``default``."""
    admin_key: str = "sk-sandbox-admin"
    """The key of ``/admin`` and of the console."""
    tier: str = "monthly"
    """The billing tier of ``api_keys``: 1 to 4, or ``monthly`` without limits."""
    data_dir: Path | None = None
    """Folder of keys, audit log and quotas. Defaults to None, which keeps them in memory."""
    redis_url: str | None = None
    """Redis server through which several sandboxes share their quotas (extra ``redis``)."""
    faults: str = ""
    """Faults for every request, written as in the ``x-sandbox-fault`` header."""
    seed: int = 0
    """Seed of faults with odds (``status:503@0.2``) and of jitter."""
    rerank_shape: RerankShape = "new"
    tokens_per_second: float = 0.0
    """Speed of responses; 0 is unlimited."""
    frozen_at: float | None = None
    """Epoch seconds at which the clock is frozen, for responses that are equal byte for byte."""
    speed: float = 0.0
    """Pace relative to the catalog's speed of each model: 1 is real time, 0 is unlimited."""
    machine_capacity: int | None = None
    """Concurrent requests per machine; the response is 503 if all machines are busy."""
    max_body_bytes: int = 50_000_000
    audit_content: bool = False
    """Whether the audit log includes the content of requests."""
    alert_webhook: str | None = None
    strict_lifecycle: bool = False
    """Whether models past their end of support are replaced by their successor, or are a 404."""
    prompt_filter: bool = False
    """Whether prompts are screened by the three historical checks (403)."""
    batch_enabled: bool = True
    """Whether batches exist; False responds with 501, as some instances do."""
    batch_night_only: bool = False
    """Whether batches wait for the documented window: nights and weekends."""
    legacy_batches: bool = False
    """Whether the retired ``/v1/files`` and ``/v1/batches`` exist."""
    profile: Any = None
    """Measured service to emulate: a file of ``llmaas probe --save``, its content, or a
    ``Profile`` of the client."""
    tls: Kind | None = None
    """Kind of the TLS certificate, issued by a generated authority; None is plain HTTP."""
    upstream: str | None = None
    """Address of an OpenAI-compatible engine that answers instead of the sandbox."""
    upstream_key: str | None = None
    record: Path | None = None
    """Folder in which exchanges with ``upstream`` are recorded, without headers and keys."""
    replay: Path | None = None
    """Folder of recorded exchanges to replay for equal requests."""
    replay_fallback: bool = False
    """Whether ``upstream`` or the sandbox answers unrecorded requests, instead of a 404."""
    replay_speed: float = 0.0
    """Speed of replayed responses: 1 as recorded, 0 unlimited."""
    allowed_hosts: tuple[str, ...] = ()
    """Additional host names accepted for ``/admin`` and the console."""
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
        """Raise ``ValueError`` if the publicly known default keys would be exposed to a network."""
        if is_loopback(host):
            return
        for name in ("api_keys", "admin_key"):
            if getattr(self, name) == Config.__dataclass_fields__[name].default:
                raise ValueError(
                    f"{name} must be set when the host is {host}: the default is public. "
                    f"Set your own keys, or listen on 127.0.0.1."
                )


def is_loopback(host: str) -> bool:
    """Whether a host is reachable from this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
