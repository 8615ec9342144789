"""ASGI application that serves the endpoints of all services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from llmaas_sandbox.api.audio import ENDPOINTS as AUDIO
from llmaas_sandbox.api.audit import ENDPOINTS as AUDIT
from llmaas_sandbox.api.auth import ENDPOINTS as AUTH
from llmaas_sandbox.api.batch import ENDPOINTS as BATCH
from llmaas_sandbox.api.chat import ENDPOINTS as CHAT
from llmaas_sandbox.api.console import ENDPOINTS as CONSOLE
from llmaas_sandbox.api.control import ENDPOINTS as CONTROL
from llmaas_sandbox.api.embeddings import ENDPOINTS as EMBEDDINGS
from llmaas_sandbox.api.images import ENDPOINTS as IMAGES
from llmaas_sandbox.api.legacy import ENDPOINTS as LEGACY
from llmaas_sandbox.api.lifecycle import ENDPOINTS as LIFECYCLE
from llmaas_sandbox.api.machines import ENDPOINTS as MACHINES
from llmaas_sandbox.api.models import ENDPOINTS as MODELS
from llmaas_sandbox.api.monitor import ENDPOINTS as MONITOR
from llmaas_sandbox.api.openapi import build_endpoint as describing
from llmaas_sandbox.api.realtime import build_routes as realtime_routes
from llmaas_sandbox.api.rerank import ENDPOINTS as RERANK
from llmaas_sandbox.api.status import ENDPOINTS as STATUS
from llmaas_sandbox.config import Config
from llmaas_sandbox.errors import status_error
from llmaas_sandbox.http.exchange import Endpoint
from llmaas_sandbox.http.handler import EndpointHandler, NotFoundHandler
from llmaas_sandbox.state import State

SERVICES: tuple[tuple[Endpoint, ...], ...] = (
    *(CHAT, BATCH, EMBEDDINGS, RERANK, AUDIO, IMAGES, MODELS),
    *(AUTH, AUDIT, MACHINES, MONITOR, LIFECYCLE, CONTROL, CONSOLE, STATUS),
)


def services(state: State) -> tuple[tuple[Endpoint, ...], ...]:
    """Return the endpoints of the enabled services."""
    return (*SERVICES, LEGACY) if state.config.legacy_batches else SERVICES


class Application(Starlette):
    """ASGI application of a sandbox. Paths without parameters are looked up in a dictionary."""

    def __init__(self, state: State, routes: list[BaseRoute]) -> None:
        super().__init__()
        self.router = Router(routes, default=NotFoundHandler(state), redirect_slashes=False)
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
    """Create the ASGI application of a new sandbox."""
    return build_app(State(config or Config()))


def build_app(state: State) -> Starlette:
    """Build the ASGI application for a state."""
    endpoints = [endpoint for service in services(state) for endpoint in service]
    endpoints.append(describing(endpoints))
    routes: list[BaseRoute] = [*build_routes(state, endpoints), *realtime_routes(state)]
    return Application(state, routes)


def build_routes(state: State, endpoints: Iterable[Endpoint]) -> Iterator[Route]:
    """Yield one route per path, which dispatches on the method."""
    paths: dict[str, dict[str, EndpointHandler]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = EndpointHandler(state, endpoint)
    for path, handlers in paths.items():
        yield Route(path, MethodDispatcher(state, handlers), methods=None)


class MethodDispatcher:
    """Passes a request to the handler of its method; rejects other methods (405)."""

    def __init__(self, state: State, handlers: Mapping[str, EndpointHandler]) -> None:
        self.handlers = handlers
        refusal = status_error(405, {"allow": ", ".join(sorted(handlers))})
        self.not_allowed = NotFoundHandler(state, refusal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        handler = self.handlers.get(scope["method"], self.not_allowed)
        await handler(scope, receive, send)
