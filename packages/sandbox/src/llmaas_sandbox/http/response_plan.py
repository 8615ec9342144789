"""Planning of responses from replies, refusals and scripted steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.engines.refusals import to_engine_error
from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.faults.connection import Piece, ResponsePlan, apply_faults
from llmaas_sandbox.faults.framing import DONE, dumps, to_event, to_events
from llmaas_sandbox.faults.parse import Faults
from llmaas_sandbox.faults.refusals import ErrorPage
from llmaas_sandbox.reply import Reply

STREAM_HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


def plan_reply(
    reply: Reply, faults: Faults, headers: Mapping[str, str], pace: float
) -> ResponsePlan:
    """Plan the reply of a handler, with the requested faults."""
    if faults.engine:
        headers = {k: v for k, v in headers.items() if k == "x-request-id"}
    if reply.chunks is not None or reply.events is not None:
        events = reply.events or to_events(reply.chunks or [], faults)
        return _plan_stream(reply, events, faults, headers, pace)
    data = reply.media if reply.media is not None else dumps(reply.payload)
    merged = {"content-type": reply.content_type, **headers, **reply.headers}
    wait = reply.usage.completion / pace if pace else 0.0
    plan = ResponsePlan(reply.status, merged, [], length=len(data), before=wait, plain=[data])
    if faults.chosen:
        plan.split()
    return apply_faults(plan, faults)


def _plan_stream(
    reply: Reply, events: list[bytes], faults: Faults, headers: Mapping[str, str], pace: float
) -> ResponsePlan:
    own = {k: v for k, v in STREAM_HEADERS.items() if k != "cache-control" or not faults.engine}
    plan = ResponsePlan(reply.status, {**own, **headers, **reply.headers}, [])
    if pace or faults.chosen:
        pause = 1 / pace if pace else 0.0
        plan.pieces = [Piece(data, pause) for data in events]
    else:
        plan.plain = events
    return apply_faults(plan, faults)


def plan_refusal(
    refusal: Refusal | ErrorPage, faults: Faults, headers: Mapping[str, str]
) -> ResponsePlan:
    """Plan a refusal; connection faults apply to it too."""
    if isinstance(refusal, ErrorPage):
        data, kind, own = refusal.html.encode(), "text/html; charset=utf-8", {}
    else:
        refusal = to_engine_error(refusal, faults)
        data, kind, own = dumps(refusal.body), "application/json", refusal.headers
    merged = {"content-type": kind, **headers, **own}
    return apply_faults(
        ResponsePlan(refusal.status, merged, [Piece(data)], length=len(data)), faults
    )


def is_exact_response(step: Mapping[str, object]) -> bool:
    """Whether a scripted step defines the HTTP response itself, not the model's answer."""
    return bool({"status", "sse", "json", "body", "raw"} & set(step))


def plan_step(step: Mapping[str, Any], faults: Faults, headers: Mapping[str, str]) -> ResponsePlan:
    """Plan a scripted step that defines the HTTP response itself."""
    own = {k.lower(): str(v) for k, v in (step.get("headers") or {}).items()}
    ending = step.get("end", "normal")
    if "sse" in step:
        pieces = [Piece(_sse(item), 0.001) for item in step["sse"]]
        plan = ResponsePlan(
            step.get("status", 200), {**STREAM_HEADERS, **headers, **own}, pieces, ending
        )
        return apply_faults(plan, faults)
    data, kind = _body(step)
    merged = {"content-type": kind, **headers, **own}
    plan = ResponsePlan(step.get("status", 200), merged, [Piece(data)], ending, length=len(data))
    return apply_faults(plan, faults)


def _sse(item: Any) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return DONE if item == "[DONE]" else item.encode("utf-8")
    return to_event(item)


def _body(step: Mapping[str, Any]) -> tuple[bytes, str]:
    if "json" in step:
        return json.dumps(step["json"], ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        ), "application/json"
    body = step.get("body", b"")
    return (
        body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")
    ), "text/plain; charset=utf-8"
