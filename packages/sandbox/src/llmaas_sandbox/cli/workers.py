"""Worker processes behind one address, which share keys, limits, batches and audit log."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from types import FrameType

import uvicorn

from llmaas_sandbox.cli.environment_lines import environment_lines
from llmaas_sandbox.cli.garbage_collector import tune_garbage_collector
from llmaas_sandbox.config import Config
from llmaas_sandbox.server import create_temporary_folder, prepare_certificates, server_config
from llmaas_sandbox.state import State
from llmaas_sandbox.tls.certificates import Certificates

_BACKLOG = 2048
_STOP_SECONDS = 10.0
_PAUSE = 0.5
"""Seconds before a process that died is replaced: one that cannot start must not spin."""


def with_data_folder(config: Config) -> Config:
    """Return a configuration with a data folder, through which processes share their state."""
    return config if config.data_dir else replace(config, data_dir=create_temporary_folder())


def open_socket(host: str, port: int) -> socket.socket:
    """Open the listening socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def announce(
    config: Config, host: str, listener: socket.socket, certificates: Certificates | None
) -> None:
    """Print how to reach the sandbox."""
    name = f"[{host}]" if ":" in host else host
    root = f"{'https' if certificates else 'http'}://{name}:{listener.getsockname()[1]}"
    variables = {"LLMAAS_BASE_URL": f"{root}/v1", "LLMAAS_API_KEY": config.api_keys[0]}
    if certificates:
        variables["SSL_CERT_FILE"] = str(certificates.authority)
    sys.stdout.write(environment_lines(variables, f"{root}/console#{config.admin_key}"))
    sys.stdout.flush()


def serve_in_workers(config: Config, host: str, port: int) -> None:
    """Serve in several processes until a signal ends them; replace those that die."""
    certificates = prepare_certificates(config, host)
    listener = open_socket(host, port)
    announce(config, host, listener, certificates)
    Workers(config, host, listener, certificates).run()


class Workers:
    """Supervisor of the worker processes."""

    def __init__(
        self,
        config: Config,
        host: str,
        listener: socket.socket,
        certificates: Certificates | None,
    ) -> None:
        self._arguments = (config, host, listener, certificates)
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._stopping = False
        self._workers: list[SpawnProcess] = []
        self._number = config.workers

    def run(self) -> None:
        """Keep the processes running until SIGTERM or SIGINT."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        self._workers = [self._started() for _ in range(self._number)]
        while not self._stopping:
            wait([worker.sentinel for worker in self._workers], timeout=1.0)
            alive = [worker for worker in self._workers if worker.is_alive()]
            if self._stopping or len(alive) == self._number:
                continue
            time.sleep(_PAUSE)
            self._workers = [*alive, *(self._started() for _ in range(self._number - len(alive)))]
        self._end()

    def _started(self) -> SpawnProcess:
        worker = self._context.Process(target=run_worker, args=self._arguments, daemon=True)
        worker.start()
        return worker

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> None:
        for worker in self._workers:
            worker.terminate()
        until = time.monotonic() + _STOP_SECONDS
        for worker in self._workers:
            worker.join(max(0.0, until - time.monotonic()))
            if worker.is_alive():
                worker.kill()


def run_worker(
    config: Config, host: str, listener: socket.socket, certificates: Certificates | None
) -> None:
    """Serve in this worker process."""
    _end_with_parent()
    state = State(config)
    state.host = host
    tune_garbage_collector()
    uvicorn.Server(server_config(state, certificates)).run([listener])


def _end_with_parent() -> None:
    """Exit when the parent process is gone."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="llmaas-sandbox-parent", daemon=True).start()
