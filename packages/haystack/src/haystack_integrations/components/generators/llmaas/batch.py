"""``LLMaaSBatchChatGenerator``: many conversations at half price, handed in and fetched later."""

from __future__ import annotations

import asyncio
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage
from haystack.tools import (
    ToolsType,
    deserialize_tools_or_toolset_inplace,
    serialize_tools_or_toolset,
)
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.messages import coerce_messages, to_api_messages
from haystack_integrations.common.llmaas.responses import to_messages
from haystack_integrations.common.llmaas.tools import (
    check_unique_names,
    to_api_tools,
    to_response_format,
)
from llmaas import Batch, Completion
from llmaas.adapters import (
    await_batch,
    keep_batch_ids,
    redact_options,
    reject_multiple_choices,
    wait_for_batch,
)
from llmaas.pricing import chat_cost_micro_eur

_MESSAGE_OPTIONS = {"send_reasoning": False, "unpack_files": True}
_CHAT_ONLY_OPTIONS = ("on_blocked", "repair")
"""Keys of ``generation_kwargs`` that the chat generator acts on when it has an answer."""


@component
class LLMaaSBatchChatGenerator(ConnectionMixin):
    """Hands in a lot of conversations, or fetches the answers of one.

    The two may be runs, pipelines or processes of their own, hours apart: what passes between
    them is the `batch_id`. As long as a lot is not done there is no `replies` output, so that
    what is connected to it does not run.

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
        model: str = "gpt-oss:120b",
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
        """Keep the settings; the key is read and the connection opened by the first run.

        :param api_key: The key; the environment variable `LLMAAS_API_KEY` unless said. A lot
            can be fetched with the key that handed it in only.
        :param model: One model for the whole lot.
        :param api_base_url: The address; `LLMAAS_BASE_URL`, then the service's, unless said.
        :param generation_kwargs: Parameters that all conversations share.
        :param timeout: The longest silence in seconds; 600 unless said.
        :param max_retries: How often fetching is repeated; handing in never is (it would be
            billed twice).
        :param tools: Tools and toolsets that the model may call.
        :param tools_strict: Whether the schema of tool arguments is strictly adhered to.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param wait: Seconds that a run may wait for the lot to be done; 0 does not wait.
        :param poll_interval: Seconds between two looks at a lot; the service advises 30 to 60.
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
        """Hand in `conversations`, or look at the lot `batch_id`. Give one of the two.

        :param conversations: Up to 1,000 conversations; a string is one message from the user.
        :param batch_id: What handing in returned.
        :returns: `batch_id`, `status`, `meta` (counts, cost), and once the lot is done
            `replies`: one per conversation in their order. One that failed has the
            `finish_reason` `error`, and the reason in `meta["error"]`.
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
        """Do as `run`, without blocking the event loop.

        :param conversations: Up to 1,000 conversations; a string is one message from the user.
        :param batch_id: What handing in returned.
        :returns: As `run`.
        """
        client = self._get_async_client()
        if batch_id is None:
            chats = await asyncio.to_thread(
                self._to_conversations, conversations
            )  # PDFs may be drawn
            batch = await client.submit_batch(chats, **self._options())
        else:
            batch = await client.get_batch(_check_batch_id(batch_id, conversations))
        with keep_batch_ids(batch.id):
            polling = {"poll_interval": self.poll_interval, "timeout": self.wait}
            return _to_output(await await_batch(client, batch, **polling))

    def _to_conversations(self, conversations: Any) -> list[Any]:
        if conversations is None:
            raise ValueError("Give conversations to hand in, or the batch_id of a lot to fetch.")
        how = {
            name: bool(self.generation_kwargs.get(name, at))
            for name, at in _MESSAGE_OPTIONS.items()
        }
        return [to_api_messages(coerce_messages(messages), **how) for messages in conversations]

    def _options(self) -> dict[str, Any]:
        unsent = (*_MESSAGE_OPTIONS, *_CHAT_ONLY_OPTIONS)
        options = {k: v for k, v in self.generation_kwargs.items() if k not in unsent}
        if "response_format" in options:
            options["response_format"] = to_response_format(options["response_format"])
        reject_multiple_choices(options, "a batch gives one answer a conversation.")
        tools = to_api_tools(self.tools, strict=self.tools_strict)
        return {**options, "model": self.model, **({"tools": tools} if tools else {})}


def _check_batch_id(batch_id: str, conversations: Any) -> str:
    if conversations is not None:
        raise ValueError("Give conversations or a batch_id, not both.")
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


def _to_reply(item: Completion | Exception, model: str) -> ChatMessage:
    if isinstance(item, Completion) and item.choices:
        spent = item.usage
        cost = chat_cost_micro_eur(spent, batch=True) / 1_000_000 if spent else None
        return to_messages(item, cost_eur=cost)[0]
    meta = {
        "model": model,
        "index": 0,
        "finish_reason": "error",
        "usage": {},
        "error": "There is no answer." if isinstance(item, Completion) else str(item),
    }
    return ChatMessage.from_assistant("", meta=meta)
