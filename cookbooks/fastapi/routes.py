"""HTTP routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

import faults
import wire
from llmaas import AsyncStream, Completion, LLMaaSError, ReasoningDelta, TextDelta
from llmaas.energy import chat_energy_kwh
from questions import ChatRequest, CompletionRequest
from services import AppServices, KnownUser, User
from streams import EventStream, event, while_connected

PAGE = Path(__file__).parent / "page"
POLICY = "default-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
CLOSED = {"content-security-policy": POLICY}
# Swagger UI sets inline styles and shows icons as data URIs.
DOCS_POLICY = f"{POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
DEMO_TOKEN = "alice-demo"

router = APIRouter()


@router.post("/v1/chat/completions")
async def completions(
    question: CompletionRequest, request: Request, services: AppServices, user: KnownUser
) -> Response:
    """Create a chat completion in OpenAI's format, whole or streamed."""
    call = question.call(services.config.max_output_tokens)
    async with AsyncExitStack() as stack:
        stack.enter_context(services.gate.passing())
        if not question.stream:
            completion = await while_connected(request.receive, user.client.chat(**call))
            return JSONResponse(wire.whole(completion))
        stream = await open_answer(stack, request, user, call)
        return EventStream(_as_chunks(stream, usage=question.wants_usage), stack.pop_all())


@router.post("/chat")
async def chat(
    question: ChatRequest, request: Request, services: AppServices, user: KnownUser
) -> Response:
    """Stream events: reasoning and text, then ``done`` with usage and cost, or ``error``."""
    call = {
        "messages": question.messages(),
        "model": question.model or services.config.default_model,
        "max_tokens": services.config.max_output_tokens,
    }
    async with AsyncExitStack() as stack:
        stack.enter_context(services.gate.passing())
        stream = await open_answer(stack, request, user, call)
        return EventStream(_as_events(stream, user), stack.pop_all())


@router.get("/v1/models")
async def models(user: KnownUser) -> dict[str, Any]:
    """List the available models."""
    listed = await user.client.models()
    data = [{"id": m.id, "object": "model", "created": 0, "owned_by": m.owned_by} for m in listed]
    return {"object": "list", "data": data}


@router.get("/usage")
def usage(user: KnownUser) -> dict[str, Any]:
    """Report the caller's remaining budget and quota."""
    return {
        "user": user.account.name,
        "spent_eur": user.budget.spent,
        "remaining_eur": user.budget.remaining,
        "tokens_this_hour": user.used_this_hour,
        "tokens_per_hour": user.account.tokens_per_hour,
    }


@router.get("/health/live")
async def live() -> dict[str, str]:
    """Liveness probe. An orchestrator restarts the process if it fails."""
    return {"status": "live"}


@router.get("/health/ready")
async def ready(services: AppServices) -> JSONResponse:
    """Readiness probe for load balancers."""
    if not services.gate.is_open:
        return JSONResponse({"status": "stopping", "running": services.gate.running}, 503)
    if not await services.reaches_service():
        return JSONResponse({"status": "the service does not answer"}, 503)
    return JSONResponse({"status": "ready", "running": services.gate.running})


@router.get("/metrics")
async def metrics(services: AppServices) -> Response:
    """Export the Prometheus metrics."""
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/about")
async def about(services: AppServices) -> dict[str, Any]:
    """Describe who answers. Announces the demo user's token on the embedded sandbox only."""
    if not services.is_sandbox:
        return {"answered_by": f"the service, with {services.config.default_model}"}
    return {
        "answered_by": "the embedded sandbox, which quotes and has no model",
        "note": "Set LLMAAS_API_KEY where the server runs for real answers.",
        "demo_token": DEMO_TOKEN if services.user_with(DEMO_TOKEN) else None,
    }


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Serve a page with a streaming chat."""
    return FileResponse(PAGE / "index.html", headers=CLOSED)


@router.get("/docs", include_in_schema=False)
async def docs() -> FileResponse:
    """Serve the API's documentation, without files of other hosts."""
    headers = {"content-security-policy": DOCS_POLICY}
    return FileResponse(PAGE / "docs.html", headers=headers)


async def open_answer(
    stack: AsyncExitStack, request: Request, user: User, call: dict[str, Any]
) -> AsyncStream:
    """Open a stream. Earlier errors then have their own HTTP status."""
    stream = await while_connected(request.receive, user.client.stream(**call))
    return await stack.enter_async_context(stream)


async def _as_chunks(stream: AsyncStream, *, usage: bool) -> AsyncIterator[str]:
    start: dict[str, Any] = {}
    try:
        async for one in stream:
            start = start or wire.head(stream.completion, "chat.completion.chunk")
            for chunk in wire.chunks(one, start, usage=usage):
                yield event(chunk)
        yield event("[DONE]")
    except LLMaaSError as error:  # without [DONE], because the answer is incomplete
        yield event(faults.body(error))


async def _as_events(stream: AsyncStream, user: User) -> AsyncIterator[str]:
    try:
        async for one in stream:
            if isinstance(one, TextDelta):
                yield event({"text": one.text}, "text")
            elif isinstance(one, ReasoningDelta):
                yield event({"text": one.text}, "reasoning")
        yield event(_bill(stream.completion, user), "done")  # the budget is settled here
    except LLMaaSError as error:
        yield event(faults.body(error), "error")


def _bill(completion: Completion, user: User) -> dict[str, Any]:
    energy = chat_energy_kwh(completion.usage, completion.model) if completion.usage else None
    return {
        "model": completion.model,
        **wire.bill(completion),
        "energy_kwh_estimate": energy,
        "remaining_eur": user.budget.remaining,
        "empty_reason": completion.empty_reason,
    }
