"""Application: ``uvicorn --factory app:create_app``, or ``python .`` for graceful shutdown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

import faults
import routes
from config import Config
from gate import Gate
from metrics import CountRequests, Metrics
from services import open_services


def create_app(config: Config | None = None, gate: Gate | None = None) -> FastAPI:
    """Create the application."""
    config = config or Config.of_environment()
    gate, metrics = gate or Gate(config), Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(config, gate, metrics) as services:
            app.state.services = services
            yield

    # FastAPI's documentation pages load scripts from other hosts. routes.docs replaces them.
    app = FastAPI(
        title="LLMaaS backend",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        max_body_size=config.max_body_bytes,
    )
    app.add_middleware(CountRequests, metrics=metrics)
    app.include_router(routes.router)
    app.mount("/page", StaticFiles(directory=routes.PAGE), name="page")
    app.mount("/docs", StaticFiles(packages=[("fastapi_offline", "static")]), name="swagger-ui")
    faults.install(app)
    return app
