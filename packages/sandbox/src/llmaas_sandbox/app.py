"""The ASGI application: every service's endpoints behind one gate."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from llmaas_sandbox.audio.routes import ENDPOINTS as AUDIO
from llmaas_sandbox.audit.routes import ENDPOINTS as AUDIT
from llmaas_sandbox.auth.routes import ENDPOINTS as AUTH
from llmaas_sandbox.batch.routes import ENDPOINTS as BATCH
from llmaas_sandbox.chat.routes import ENDPOINTS as CHAT
from llmaas_sandbox.config import Config
from llmaas_sandbox.console.routes import ENDPOINTS as CONSOLE
from llmaas_sandbox.control.routes import ENDPOINTS as CONTROL
from llmaas_sandbox.embeddings.routes import ENDPOINTS as EMBEDDINGS
from llmaas_sandbox.gateway.exchange import Endpoint
from llmaas_sandbox.gateway.gate import Gate, no_such_path
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.images.routes import ENDPOINTS as IMAGES
from llmaas_sandbox.lifecycle.routes import ENDPOINTS as LIFECYCLE
from llmaas_sandbox.machines.routes import ENDPOINTS as MACHINES
from llmaas_sandbox.models.routes import ENDPOINTS as MODELS
from llmaas_sandbox.monitor.routes import ENDPOINTS as MONITOR
from llmaas_sandbox.rerank.routes import ENDPOINTS as RERANK

SERVICES: tuple[tuple[Endpoint, ...], ...] = (
    *(CHAT, BATCH, EMBEDDINGS, RERANK, AUDIO, IMAGES, MODELS),
    *(AUTH, AUDIT, MACHINES, MONITOR, LIFECYCLE, CONTROL, CONSOLE),
)


def create_app(config: Config | None = None) -> Starlette:
    """Return the sandbox as an ASGI application of its own."""
    return app_of(State(config or Config()))


def app_of(state: State) -> Starlette:
    """Return the application that works on this state."""
    routes = [_route(state, endpoint) for service in SERVICES for endpoint in service]
    app = Starlette()
    app.router = Router(routes, default=no_such_path, redirect_slashes=False)
    app.state.sandbox = state
    return app


def _route(state: State, endpoint: Endpoint) -> Route:
    gate: ASGIApp = Gate(state, endpoint)
    return Route(endpoint.path, gate, methods=[endpoint.method])
