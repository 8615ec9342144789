"""``LLMaaSBatchChatGenerator``: batches of conversations at half price."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage
from haystack.tools import (
    ToolsType,
    deserialize_tools_or_toolset_inplace,
    serialize_tools_or_toolset,
)
from haystack.utils import Secret

import llmaas
from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.inputs import check_list
from haystack_integrations.common.llmaas.messages import coerce_messages, to_api_messages
from haystack_integrations.common.llmaas.responses import to_messages
from haystack_integrations.common.llmaas.tools import (
    check_unique_names,
    to_api_tools,
    to_response_format,
)
from llmaas.adapters import (
    await_batch,
    keep_batch_ids,
    redact_options,
    reject_multiple_choices,
    wait_for_batch,
)
from llmaas.model_names import ChatModelName
from llmaas.pricing import chat_cost_micro_eur

if TYPE_CHECKING:
    from llmaas import Batch

_MESSAGE_OPTIONS = {"send_reasoning": "auto", "unpack_files": True}
_CHAT_ONLY_OPTIONS = ("on_blocked", "repair")
"""Keys of ``generation_kwargs`` that only the chat generator supports. They are not sent."""


@component
class LLMaaSBatchChatGenerator(ConnectionMixin):
    """Submits a batch of conversations, or fetches its replies by `batch_id`.

    The two steps may be separate runs, pipelines or processes, hours apart. While the batch is
    running there is no `replies` output, so that connected components do not run.

    ```python
    from haystack.dataclasses import ChatMessage
    from haystack_integrations.components.generators.llmaas import LLMaaSBatchChatGenerator

    batches = LLMaaSBatchChatGenerator(model="gpt-oss:120b")
    questions = [[ChatMessage.from_user(f"Combien font {n} fois {n} ?")] for n in range(10)]
    batch_id = batches.run(conversations=questions)["batch_id"]
    answers = batches.run(batch_id=batch_id)
    ```
    """

    def __init__(
        self,
        api_key: Secret = DEFAULT_API_KEY,
        model: ChatModelName = "gpt-oss:120b",
        api_base_url: str | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        tools: ToolsType | None = None,
        tools_strict: bool = False,
        http_client_kwargs: dict[str, Any] | None = None,
        wait: float = 0.0,
        poll_interval: float = 45.0,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
            Only the key that submitted a batch can fetch it.
        :param model: The model of the batch. Defaults to `gpt-oss:120b`.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param generation_kwargs: Request parameters of all conversations.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries when fetching. Defaults to 2. Submitting is never
            retried, because the batch could be billed twice.
        :param tools: Tools and toolsets that the model may call.
        :param tools_strict: Request strict schemas for tool arguments. Defaults to False.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param wait: Seconds to wait for the replies. Defaults to 0, which does not wait.
        :param poll_interval: Seconds between polls. Defaults to 45; the service advises 30 to 60.
        """
        check_unique_names(tools)
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.generation_kwargs = generation_kwargs or {}
        self.tools = tools
        self.tools_strict = tools_strict
        self.wait = wait
        self.poll_interval = poll_interval

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        kwargs = redact_options(self.generation_kwargs)
        if "response_format" in kwargs:
            kwargs["response_format"] = to_response_format(kwargs["response_format"])
        return default_to_dict(
            self,
            **self._connection_to_dict(),
            model=self.model,
            generation_kwargs=kwargs,
            tools=serialize_tools_or_toolset(self.tools),
            tools_strict=self.tools_strict,
            wait=self.wait,
            poll_interval=self.poll_interval,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSBatchChatGenerator:
        """Deserialize this component from a dictionary, which is not changed.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        parameters = dict(data.get("init_parameters") or {})
        deserialize_tools_or_toolset_inplace(parameters, key="tools")
        generator: LLMaaSBatchChatGenerator = default_from_dict(
            cls, {**data, "init_parameters": parameters}
        )
        return generator

    @component.output_types(
        batch_id=str, status=str, replies=list[ChatMessage], meta=dict[str, Any]
    )
    def run(
        self,
        conversations: list[list[ChatMessage]] | list[str] | None = None,
        batch_id: str | None = None,
    ) -> dict[str, Any]:
        """Submit `conversations`, or fetch the batch `batch_id`.

        :param conversations: Up to 1,000 conversations. A string is one user message.
        :param batch_id: The id that submitting returned.
        :returns: `batch_id`, `status`, `meta` (counts, cost), and `replies` once the batch is
            done: one per conversation, in their order. A failed one has the `finish_reason`
            `error`, and the message in `meta["error"]`.
        """
        client = self._get_client()
        if batch_id is None:
            batch = client.submit_batch(self._to_conversations(conversations), **self._options())
        else:
            batch = client.get_batch(_check_batch_id(batch_id, conversations))
        with keep_batch_ids(batch.id):
            polling = {"poll_interval": self.poll_interval, "timeout": self.wait}
            return _to_output(wait_for_batch(client, batch, **polling))

    @component.output_types(
        batch_id=str, status=str, replies=list[ChatMessage], meta=dict[str, Any]
    )
    async def run_async(
        self,
        conversations: list[list[ChatMessage]] | list[str] | None = None,
        batch_id: str | None = None,
    ) -> dict[str, Any]:
        """Submit or fetch a batch without blocking the event loop.

        :param conversations: Up to 1,000 conversations. A string is one user message.
        :param batch_id: The id that submitting returned.
        :returns: As `run`.
        """
        client = self._get_async_client()
        if batch_id is None:
            chats = await asyncio.to_thread(
                self._to_conversations, conversations
            )  # may render PDFs
            batch = await client.submit_batch(chats, **self._options())
        else:
            batch = await client.get_batch(_check_batch_id(batch_id, conversations))
        with keep_batch_ids(batch.id):
            polling = {"poll_interval": self.poll_interval, "timeout": self.wait}
            return _to_output(await await_batch(client, batch, **polling))

    def _to_conversations(self, conversations: Any) -> list[Any]:
        if conversations is None:
            raise ValueError("conversations or batch_id is required, got neither.")
        how = {
            name: bool(self.generation_kwargs.get(name, at))
            for name, at in _MESSAGE_OPTIONS.items()
        }
        given = check_list("conversations", conversations)
        return [to_api_messages(coerce_messages(messages), **how) for messages in given]

    def _options(self) -> dict[str, Any]:
        not_sent = (*_MESSAGE_OPTIONS, *_CHAT_ONLY_OPTIONS)
        options = {k: v for k, v in self.generation_kwargs.items() if k not in not_sent}
        if "response_format" in options:
            options["response_format"] = to_response_format(options["response_format"])
        reject_multiple_choices(options, "a batch returns one answer per conversation.")
        tools = to_api_tools(self.tools, strict=self.tools_strict)
        return {**options, "model": self.model, **({"tools": tools} if tools else {})}


def _check_batch_id(batch_id: str, conversations: Any) -> str:
    if conversations is not None:
        raise ValueError("conversations and batch_id exclude each other, got both.")
    return batch_id


def _to_output(batch: Batch) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "model": batch.model,
        "requested_model": batch.requested_model,
        "total": batch.total,
        "completed": batch.completed,
        "failed": batch.failed,
    }
    result: dict[str, Any] = {"batch_id": batch.id, "status": batch.status, "meta": meta}
    if batch.done:
        meta["cost_eur"] = batch.cost_micro_eur / 1_000_000
        result["replies"] = [_to_reply(item, batch.model) for item in batch.answers]
    if batch.error is not None:
        meta["error"] = dict(batch.error)
    return result


def _to_reply(item: llmaas.Completion | Exception, model: str) -> ChatMessage:
    if isinstance(item, llmaas.Completion) and item.choices:
        usage = item.usage
        cost = chat_cost_micro_eur(usage, batch=True) / 1_000_000 if usage else None
        return to_messages(item, cost_eur=cost)[0]
    meta = {
        "model": model,
        "index": 0,
        "finish_reason": "error",
        "usage": {},
        "error": "The batch holds no answer for this conversation."
        if isinstance(item, llmaas.Completion)
        else str(item),
    }
    return ChatMessage.from_assistant("", meta=meta)
