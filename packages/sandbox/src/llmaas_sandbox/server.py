"""Sandbox server in a background thread."""

from __future__ import annotations

import atexit
import shutil
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

from llmaas_sandbox.app import build_app
from llmaas_sandbox.config import Config
from llmaas_sandbox.connections import Connections
from llmaas_sandbox.http.protocol import SocketProtocol, protocol_for
from llmaas_sandbox.machines.fleet import Health
from llmaas_sandbox.request_log import RequestLog
from llmaas_sandbox.scripted_responses import Step
from llmaas_sandbox.state import State
from llmaas_sandbox.tls.certificates import Certificates

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class _Server(uvicorn.Server):
    """Server that closes open connections on shutdown instead of responding with 500."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection, then the rest."""
        self._connections.close_all()
        await super().shutdown(sockets)


class Sandbox:
    """Sandbox server: ``with Sandbox() as box: box.base_url``.

    ``port=0`` picks a free one. Further keywords are fields of :class:`Config`.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, **settings: Any) -> None:
        self.config = Config(**settings)
        self.config.check_exposure(host)
        if self.config.workers > 1:
            raise ValueError("workers must be 1 in this process; start others with --workers.")
        self.state = State(self.config)
        self.state.host = host
        self._host, self._port = host, port
        self._certificates = prepare_certificates(self.config, host)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def api_key(self) -> str:
        """A valid API key."""
        return self.config.api_keys[0]

    @property
    def admin_key(self) -> str:
        """The key of ``/admin`` and of the console."""
        return self.config.admin_key

    @property
    def root_url(self) -> str:
        """The address without ``/v1`` (Cohere SDK, status API)."""
        scheme = "https" if self.config.tls else "http"
        return f"{scheme}://{self._host}:{self._port}"

    @property
    def ca_bundle(self) -> str | None:
        """Path of the CA certificate to trust, or None without TLS."""
        return str(self._certificates.authority) if self._certificates else None

    @property
    def base_url(self) -> str:
        """The address for OpenAI clients."""
        return f"{self.root_url}/v1"

    @property
    def requests(self) -> RequestLog:
        """Every request so far, oldest first; ``list(box.requests)`` for a copy."""
        return self.state.request_log

    @property
    def pending_steps(self) -> int:
        """Number of scripted steps not used yet."""
        return len(self.state.scripted_responses)

    @property
    def connections(self) -> int:
        """Number of open client connections, idle ones included."""
        return len(self.state.connections)

    def make_key(self, tenant: str = "default", **settings: Any) -> str:
        """Create a key; settings are fields of :class:`~llmaas_sandbox.auth.keys.Key`."""
        return self.state.keys.make(tenant, **settings)[1]

    def set_machine(self, name: str, health: Health) -> None:
        """Set a machine (``ma01`` to ``ma12``) to healthy, draining or dead."""
        self.state.fleet.set_health(name, health)

    def script(self, steps: Iterable[Step]) -> None:
        """Queue responses to the next requests; the README lists the keys of a step."""
        self.state.scripted_responses.extend(steps)

    def reset(self) -> None:
        """Clear the request log, scripted responses, batches, usage, keys and clock offset."""
        self.state.reset()

    def advance(self, seconds: float) -> None:
        """Advance the sandbox's clock by seconds."""
        self.state.clock.advance(seconds)

    def start(self) -> Sandbox:
        """Start the server; return when it accepts requests."""
        if self._server is not None:
            return self
        listener = socket.create_server((self._host, self._port), backlog=2048)
        self._port = listener.getsockname()[1]
        settings = server_config(self.state, self._certificates)
        self._server = _Server(settings, self.state.connections)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="llmaas-sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                listener.close()
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Close all connections and stop the server."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(_STOP_SECONDS)
        self._server = self._thread = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def prepare_certificates(config: Config, host: str) -> Certificates | None:
    """Create the certificates that a configuration requires."""
    if config.tls is None:
        return None
    from llmaas_sandbox.tls.authority import create_certificates

    folder = config.data_dir or create_temporary_folder()
    return create_certificates(config.tls, folder / "tls", host)


def create_temporary_folder() -> Path:
    """Create a folder that is deleted when the process exits."""
    folder = Path(tempfile.mkdtemp(prefix="llmaas-sandbox-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def server_config(
    state: State, certificates: Certificates | None = None, **settings: object
) -> uvicorn.Config:
    """Build uvicorn's configuration for a state; TLS is version 1.3 only."""
    defaults: dict[str, Any] = {
        "http": protocol_for(state.connections),
        "ws": SocketProtocol,
        "lifespan": "off",
        "log_level": "warning",
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": 1,
        "backlog": 2048,
    }
    if certificates is not None:
        defaults["ssl_certfile"] = str(certificates.certificate)
        defaults["ssl_keyfile"] = str(certificates.key)
    config = uvicorn.Config(build_app(state), **{**defaults, **settings})
    if certificates is not None:
        config.load()
        assert config.ssl is not None
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    return config
