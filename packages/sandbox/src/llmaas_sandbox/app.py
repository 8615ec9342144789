"""The ASGI application: every service's endpoints behind one gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from llmaas_sandbox.audio.routes import ENDPOINTS as AUDIO
from llmaas_sandbox.audit.routes import ENDPOINTS as AUDIT
from llmaas_sandbox.auth.routes import ENDPOINTS as AUTH
from llmaas_sandbox.batch.routes import ENDPOINTS as BATCH
from llmaas_sandbox.chat.routes import ENDPOINTS as CHAT
from llmaas_sandbox.config import Config
from llmaas_sandbox.console.routes import ENDPOINTS as CONSOLE
from llmaas_sandbox.control.routes import ENDPOINTS as CONTROL
from llmaas_sandbox.embeddings.routes import ENDPOINTS as EMBEDDINGS
from llmaas_sandbox.errors import of_status
from llmaas_sandbox.gateway.elsewhere import Elsewhere
from llmaas_sandbox.gateway.exchange import Endpoint
from llmaas_sandbox.gateway.gate import Gate
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.images.routes import ENDPOINTS as IMAGES
from llmaas_sandbox.legacy.routes import ENDPOINTS as LEGACY
from llmaas_sandbox.lifecycle.routes import ENDPOINTS as LIFECYCLE
from llmaas_sandbox.machines.routes import ENDPOINTS as MACHINES
from llmaas_sandbox.models.routes import ENDPOINTS as MODELS
from llmaas_sandbox.monitor.routes import ENDPOINTS as MONITOR
from llmaas_sandbox.openapi.routes import endpoint as describing
from llmaas_sandbox.realtime.routes import routes as realtime_routes
from llmaas_sandbox.rerank.routes import ENDPOINTS as RERANK
from llmaas_sandbox.status.routes import ENDPOINTS as STATUS

SERVICES: tuple[tuple[Endpoint, ...], ...] = (
    *(CHAT, BATCH, EMBEDDINGS, RERANK, AUDIO, IMAGES, MODELS),
    *(AUTH, AUDIT, MACHINES, MONITOR, LIFECYCLE, CONTROL, CONSOLE, STATUS),
)


def services(state: State) -> tuple[tuple[Endpoint, ...], ...]:
    """Return the services that this sandbox has."""
    return (*SERVICES, LEGACY) if state.config.legacy_batches else SERVICES


class Application(Starlette):
    """The sandbox's ASGI application. Paths without parameters are looked up, not searched."""

    def __init__(self, state: State, routes: list[BaseRoute]) -> None:
        super().__init__()
        self.router = Router(routes, default=Elsewhere(state), redirect_slashes=False)
        self.state.sandbox = state
        self._exact = {r.path: r.app for r in routes if isinstance(r, Route) and "{" not in r.path}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and not scope.get("root_path"):
            found = self._exact.get(scope["path"])
            if found is not None:
                await found(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def create_app(config: Config | None = None) -> Starlette:
    """Return the sandbox as an ASGI application of its own."""
    return app_of(State(config or Config()))


def app_of(state: State) -> Starlette:
    """Return the application that works on this state."""
    endpoints = [endpoint for service in services(state) for endpoint in service]
    endpoints.append(describing(endpoints))
    routes: list[BaseRoute] = [*methods_of_each_path(state, endpoints), *realtime_routes(state)]
    return Application(state, routes)


def methods_of_each_path(state: State, endpoints: Iterable[Endpoint]) -> Iterator[Route]:
    """Yield one route per path, its methods side by side."""
    paths: dict[str, dict[str, Gate]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = Gate(state, endpoint)
    for path, gates in paths.items():
        yield Route(path, Methods(state, gates), methods=None)


class Methods:
    """Chooses the gate for a request's method; refuses other methods (405)."""

    def __init__(self, state: State, gates: Mapping[str, Gate]) -> None:
        self.gates = gates
        refusal = of_status(405, {"allow": ", ".join(sorted(gates))})
        self.elsewhere = Elsewhere(state, refusal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        gate = self.gates.get(scope["method"], self.elsewhere)
        await gate(scope, receive, send)
