"""Agent middleware that selects a model of the catalog for each call (needs ``langchain``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse

from langchain_llmaas.chat_models import ChatLLMaaS
from langchain_llmaas.messages import to_api_messages
from langchain_llmaas.profiles import get_profile
from llmaas import catalog


class CatalogRouterMiddleware(AgentMiddleware[Any, Any, Any]):
    """Selects the model of each call of an agent whose model is a ``ChatLLMaaS``.

    A call needs tools, vision for images, and a context that holds its conversation; ``needs``
    adds to that. Among the models that the service supports today, ``prefer`` decides:
    ``quality`` (most parameters), ``speed``, ``energy``, ``support``, ``context`` or ``lts``. The
    next best models are the ``fallbacks`` of the call. Nothing is sent to choose.

    Raises ``llmaas.catalog.NoSuchModelError`` if no model meets every need of a call.
    """

    def __init__(
        self,
        *,
        prefer: str = "quality",
        needs: Collection[str] = (),
        task: str = "chat",
        fallbacks: int = 2,
    ) -> None:
        super().__init__()
        with suppress(catalog.NoSuchModelError):  # a matter of the call's day
            catalog.choose(task=task, needs=needs, prefer=prefer)  # raises for unknown names
        self.prefer, self.needs, self.task, self.fallbacks = prefer, (*needs,), task, fallbacks

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the selected model."""
        return handler(self._route(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Call the selected model."""
        return await handler(self._route(request))

    def _route(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        model = request.model
        if not isinstance(model, ChatLLMaaS):
            name = type(model).__name__
            raise TypeError(f"CatalogRouterMiddleware needs an agent of ChatLLMaaS, got {name}.")
        system = [request.system_message] if request.system_message else []
        choice = catalog.choose_for_request(
            to_api_messages([*system, *request.messages], "never"),
            tools=request.tools,
            max_tokens=model.max_tokens,
            task=self.task,
            needs=self.needs,
            prefer=self.prefer,
            profile=model.service_profile,
        )
        changed = {
            "model_name": choice.model.id,
            "fallbacks": [*choice.runners_up[: self.fallbacks]] or None,
            "profile": get_profile(choice.model.id, model.service_profile),
        }
        return request.override(model=model.model_copy(update=changed))
