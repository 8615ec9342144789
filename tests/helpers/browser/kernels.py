"""Jupyter kernels that run cells one by one and return their outputs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop

from tests.helpers.repository import ROOT

GUARD = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.helpers.isolation import network
network.forbid()
"""
"""The kernel is a process of its own: it gets the guard against the network, too."""
SECONDS = 240
"""Bounds a hang, however busy the machine: a kernel starts in seconds when it is idle."""
FOREIGN = ("LLMAAS_", "OPENAI_", "AZURE_OPENAI_", "LANGSMITH_", "LANGCHAIN_")


class Kernel:
    """Runs cells in one kernel, all from one thread: jupyter keeps an event loop in each."""

    def __init__(self, thread: Executor, environment: Mapping[str, str], folder: Path) -> None:
        self._thread = thread
        thread.submit(self._start, clean(environment), str(folder)).result()

    def run(self, source: str) -> list[Any]:
        """Run a cell and return its outputs, those of errors among them."""
        return self._thread.submit(self._run, source).result()

    def interrupt(self) -> None:
        """Interrupt the kernel, as the stop button does."""
        os.kill(self._manager.provisioner.pid, signal.SIGINT)  # type: ignore[union-attr]

    def stop(self) -> None:
        """End the kernel."""
        self._thread.submit(self._stop).result()

    def _start(self, environment: dict[str, str], folder: str) -> None:
        self._manager = KernelManager(kernel_name="python3")
        assert self._manager.kernel_spec is not None
        self._manager.kernel_spec.argv[0] = sys.executable
        self._manager.start_kernel(env=environment, cwd=folder)
        self._client: Any = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=SECONDS)

    def _stop(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        ensure_event_loop().close()

    def _run(self, source: str) -> list[Any]:
        outputs: list[Any] = []
        places: dict[str, int] = {}

        def take(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            place = content.get("transient", {}).get("display_id")
            if kind == "update_display_data" and place in places:
                outputs[places[place]].data = nbformat.from_dict(content["data"])  # type: ignore[no-untyped-call]
            elif kind == "stream" and _continues(outputs, content["name"]):
                outputs[-1].text += content["text"]
            elif kind in {"stream", "display_data", "execute_result", "error"}:
                places[place] = len(outputs)
                outputs.append(nbformat.v4.output_from_msg(message))  # type: ignore[no-untyped-call]

        self._client.execute_interactive(source, timeout=SECONDS, output_hook=take)
        return outputs


@contextmanager
def kernel(environment: Mapping[str, str], folder: Path) -> Iterator[Kernel]:
    """Start a kernel in a folder; nothing of the caller's own settings reaches it."""
    with ThreadPoolExecutor(1) as thread:
        running = Kernel(thread, environment, folder)
        try:
            running.run(GUARD)
            yield running
        finally:
            running.stop()


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that finds no service, no key and no proxy but those given."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and not name.lower().endswith("_proxy")
    }
    return {**kept, "HAYSTACK_TELEMETRY_ENABLED": "False", **environment}


def text_of(outputs: list[Any], kind: str = "text/plain") -> str:
    """Return what outputs show, as text or as another kind."""
    parts = [_text(output, kind) for output in outputs]
    return "\n".join(part for part in parts if part)


def _continues(outputs: list[Any], stream: str) -> bool:
    """Whether text follows text of the same stream: a busy kernel sends one print in pieces."""
    return bool(outputs) and outputs[-1].output_type == "stream" and outputs[-1].name == stream


def _text(output: Any, kind: str) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return str(output.data.get(kind, ""))
