"""``LLMaaSModelRouter``: selects a model of the catalog for a conversation."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage
from haystack.tools import (
    ToolsType,
    deserialize_tools_or_toolset_inplace,
    serialize_tools_or_toolset,
)

from haystack_integrations.common.llmaas.messages import coerce_messages, to_api_messages
from haystack_integrations.common.llmaas.tools import to_api_tools
from llmaas import catalog
from llmaas.adapters import redact_options


@component
class LLMaaSModelRouter:
    """Selects a model for a conversation, and the models to fall back to. Nothing is sent.

    A conversation needs vision for images, tools if there are any, and a context that holds it;
    `needs` adds to that. Connect `generation_kwargs` to an `LLMaaSChatGenerator` or to an
    `Agent` that has one: its `model` is then the default only.

    ```python
    from haystack.dataclasses import ChatMessage
    from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
    from haystack_integrations.components.routers.llmaas import LLMaaSModelRouter

    messages = [ChatMessage.from_user("Bonjour !")]
    route = LLMaaSModelRouter(prefer="speed").run(messages)
    print(route["model"], route["reasons"])
    LLMaaSChatGenerator().run(messages, generation_kwargs=route["generation_kwargs"])
    ```
    """

    def __init__(
        self,
        prefer: str = "quality",
        needs: list[str] | None = None,
        task: str = "chat",
        fallbacks: int = 2,
        tools: ToolsType | None = None,
        generation_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Store the settings.

        :param prefer: What decides among the models that meet every need: `quality` (most
            parameters), `speed`, `energy`, `support`, `context` or `lts`. Defaults to `quality`.
        :param needs: Further needs: `tools`, `vision`, `reasoning`, `lts` or `safety`.
        :param task: `chat`, `code`, `vision`, `translation`, `safety` or `ocr`. Defaults to `chat`.
        :param fallbacks: Number of models to try if the first fails, at most 3. Defaults to 2.
        :param tools: The tools of the generator that is connected.
        :param generation_kwargs: Request parameters to add to the output.
        :raises ValueError: If `prefer`, `needs` or `task` is unknown.
        """
        with suppress(catalog.NoSuchModelError):  # a matter of the run's day
            catalog.choose(task=task, needs=needs or (), prefer=prefer)
        self.prefer = prefer
        self.needs = list(needs or [])
        self.task = task
        self.fallbacks = fallbacks
        self.tools = tools
        self.generation_kwargs = generation_kwargs or {}

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        return default_to_dict(
            self,
            prefer=self.prefer,
            needs=self.needs,
            task=self.task,
            fallbacks=self.fallbacks,
            tools=serialize_tools_or_toolset(self.tools),
            generation_kwargs=redact_options(self.generation_kwargs),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSModelRouter:
        """Deserialize this component from a dictionary, which is not changed.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        parameters = dict(data.get("init_parameters") or {})
        deserialize_tools_or_toolset_inplace(parameters, key="tools")
        router: LLMaaSModelRouter = default_from_dict(cls, {**data, "init_parameters": parameters})
        return router

    @component.output_types(
        messages=list[ChatMessage],
        generation_kwargs=dict[str, Any],
        model=str,
        reasons=list[str],
    )
    def run(
        self, messages: list[ChatMessage] | str, tools: ToolsType | None = None
    ) -> dict[str, Any]:
        """Select a model.

        :param messages: The conversation. A string is one user message.
        :param tools: Overrides the constructor's tools; `[]` for none.
        :returns: The `messages`, `generation_kwargs` with `model` and `fallbacks`, the `model` and
            the `reasons`: the number of models left after each need.
        :raises llmaas.catalog.NoSuchModelError: If no model meets every need.
        """
        conversation = coerce_messages(messages)
        choice = catalog.choose_for_request(
            to_api_messages(conversation, send_reasoning="never", unpack_files=False),
            tools=to_api_tools(self.tools if tools is None else tools, strict=False),
            max_tokens=self.generation_kwargs.get("max_tokens"),
            task=self.task,
            needs=self.needs,
            prefer=self.prefer,
        )
        chosen = {"model": choice.model.id, "fallbacks": [*choice.runners_up[: self.fallbacks]]}
        return {
            "messages": conversation,
            "generation_kwargs": {**self.generation_kwargs, **chosen},
            "model": choice.model.id,
            "reasons": [*choice.reasons],
        }
