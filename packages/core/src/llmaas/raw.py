"""Raw requests: the service's answer as received, without repair, retries or exceptions.

For diagnosis of a service. Programs use the methods of ``LLMaaS``, which handle all of that.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llmaas.catalog.facts import get_facts
from llmaas.ops.raw_request import exchange, to_call
from llmaas.ops.reasoning import to_fields
from llmaas.quota.budget import highest_cost_micro_eur
from llmaas.raw_types import RawRequest, RawResponse
from llmaas.wire.failures import StatusFailure, TransportFailure

if TYPE_CHECKING:
    from llmaas.client import LLMaaS
    from llmaas.errors import APIError

__all__ = [
    "RawRequest",
    "RawResponse",
    "conversation_rules",
    "highest_cost",
    "reasoning_fields",
    "send",
    "to_error",
]


def send(client: LLMaaS, request: RawRequest, *, deadline: float | None = None) -> RawResponse:
    """Send a request once and return the answer, whatever its status.

    ``deadline`` is in seconds. Raises the errors of hooks (``BudgetExceededError``) and
    ``MissingAPIKeyError`` only.
    """
    return client._runner.run(exchange(client.settings, request, deadline))


def highest_cost(client: LLMaaS, request: RawRequest) -> int:
    """Compute the amount that a budget reserves for a request, in millionths of a euro."""
    return highest_cost_micro_eur(to_call(client.settings, request)) if request.operation else 0


def to_error(request: RawRequest, response: RawResponse) -> APIError | None:
    """Build the error that a method of ``LLMaaS`` raises for an answer; None below status 300."""
    from llmaas._error_factory import build_error

    if response.status >= 300:
        failure = StatusFailure(
            response.status, response.headers, response.body, request.method, request.path
        )
        return build_error(failure, model=request.model or None)
    if response.failure:
        return build_error(TransportFailure(response.failure, response.failure))
    return None


def reasoning_fields(model: str, reasoning: bool | str) -> dict[str, Any]:
    """Return the fields that ``LLMaaS.chat(reasoning=...)`` adds to a request of a model."""
    return to_fields(model, reasoning, {})[0]


def conversation_rules(model: str) -> dict[str, Any]:
    """Return the rules that ``LLMaaS.chat`` applies to conversations with a model, by name."""
    return asdict(get_facts(model).family)
