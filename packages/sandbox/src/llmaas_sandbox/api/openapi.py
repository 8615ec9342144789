"""Endpoint that serves the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable

from llmaas_sandbox.api.openapi_document import build_document
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply


def build_endpoint(served: Iterable[Endpoint]) -> Endpoint:
    """Build the endpoint that describes the given ones."""
    known = tuple(served)

    def openapi(exchange: Exchange) -> Reply:
        """Describe the API."""
        host = exchange.headers.get("host", "localhost")
        scheme = "https" if exchange.state.config.tls else "http"
        return Reply(build_document(known, f"{scheme}://{host}"))

    return Endpoint("GET", "/openapi.json", openapi, "nothing", open_to="everyone", audited=False)
