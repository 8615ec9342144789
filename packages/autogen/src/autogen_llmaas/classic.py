"""Model client for AutoGen 0.2 and AG2 up to 0.14, where agents take a ``config_list``.

The stock client works with our entries. This client also keeps reasoning in tool turns, waits
for rate limits, converts agents' names to ASCII and reports the cost in EUR::

    entries = with_custom_client(config_list())
    register(ConversableAgent("writer", llm_config={"config_list": entries}))

It implements the framework's ``ModelClient`` protocol and does not import a framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogen_llmaas.connection import connection_options, with_rate_limit_timeout
from autogen_llmaas.settings import RATE_LIMIT_TIMEOUT
from llmaas import Choice, Completion, LLMaaS, ToolCall, Usage, catalog
from llmaas.adapters import ascii_name, reject_unknown_arguments
from llmaas.options import ChatOptions
from llmaas.settings import KEY_VARIABLE

_PARAMETERS = {*ChatOptions.__annotations__, "functions", "function_call"} - {"timeout"}
_CALL_OPTIONS = ("reasoning", "fresh")
"""Options of the core's calls that are not options of its client."""
_MAX_CACHED = 1_000


@dataclass
class Message:
    """Message of a response, with the attributes that the framework reads."""

    content: str | None
    tool_calls: list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    role: str = "assistant"
    function_call: None = None

    def model_dump(self) -> dict[str, Any]:
        """Return plain values for the framework's history."""
        return {**vars(self)}


@dataclass
class ResponseChoice:
    """Choice of a response, with the attributes that the framework reads."""

    message: Message
    finish_reason: str | None = None


@dataclass
class Response:
    """Response with the attributes that the framework reads; it sets the last three."""

    id: str
    model: str
    choices: list[ResponseChoice]
    usage: Usage | None
    """None where the service did not report it."""
    cost: float | None
    """In EUR; None without usage."""
    message_retrieval_function: Any = None
    config_id: Any = None
    pass_filter: Any = None


class LLMaaSClient:
    """``ModelClient`` over the core's client. Register it with ``register``."""

    def __init__(self, config: Mapping[str, Any], **kwargs: Any) -> None:
        reject_unknown_arguments(type(self), kwargs.keys() - _CALL_OPTIONS)
        base_url = config.get("base_url")
        self._defaults = {name: kwargs.pop(name) for name in _CALL_OPTIONS if name in kwargs}
        client = LLMaaS(
            **connection_options(
                config.get("api_key"),
                KEY_VARIABLE,
                str(base_url) if base_url else None,  # AG2 passes an object
                timeout=config.get("timeout"),
                default_headers=config.get("default_headers"),
            ),
            **kwargs,
        )
        self._client = with_rate_limit_timeout(client, RATE_LIMIT_TIMEOUT)
        self._reasoning: dict[str, str] = {}

    def create(self, params: Mapping[str, Any]) -> Response:
        """Send a request. ``stream`` is ignored: the protocol does not support streaming."""
        model = params["model"]
        merged = {**self._defaults, **params}
        options = {name: merged[name] for name in _PARAMETERS if merged.get(name) is not None}
        messages = list(self._to_api_messages(params["messages"], model))
        completion = self._client.chat(messages, model=model, **options)
        self._cache_reasoning(completion)
        return _to_response(completion)

    def message_retrieval(self, response: Response) -> list[Any]:
        """Return the text of each choice, or its message if it has tool calls."""
        messages = (choice.message for choice in response.choices)
        return [message if message.tool_calls else message.content for message in messages]

    def cost(self, response: Response) -> float | None:
        """Return the cost in EUR; None if unknown."""
        return response.cost

    @staticmethod
    def get_usage(response: Response) -> dict[str, Any]:
        """Return token counts and cost by the framework's names; empty without usage."""
        usage = response.usage
        if usage is None:
            return {}
        return {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.total_tokens,
            "cost": response.cost,
            "model": response.model,
        }

    def _to_api_messages(self, messages: Iterable[Mapping[str, Any]], model: str) -> Iterable[Any]:
        catalog_model = catalog.find_model(model, self._client.settings.profile)
        for message in messages:
            converted = dict(message)
            if converted.get("name"):
                converted["name"] = ascii_name(converted["name"])
            calls = converted.get("tool_calls")
            text = self._reasoning.get(calls[0].get("id", "")) if calls else None
            if text and (catalog_model is None or catalog_model.reasoning is not False):
                converted["reasoning_content"] = text
            yield converted

    def _cache_reasoning(self, completion: Completion) -> None:
        if completion.tool_calls and completion.reasoning:
            while len(self._reasoning) >= _MAX_CACHED:
                del self._reasoning[next(iter(self._reasoning))]
            self._reasoning[completion.tool_calls[0].id] = completion.reasoning


def register(agent: Any, **options: Any) -> Any:
    """Register ``LLMaaSClient`` permanently with an agent and return the agent.

    ``options`` are those of ``llmaas.LLMaaS`` (``fallbacks``, ``retry_empty``, ``conform``,
    ``strict``, ...), ``reasoning`` and ``fresh``, which entries of a ``config_list`` cannot hold.
    A hook registers again before each reply, because the framework recreates an agent's clients
    without the registered ones whenever its tools change, as AG2's group patterns do.
    """
    clients: list[Any] = [None]

    def register_again(messages: Any) -> Any:
        if agent.client is not clients[0]:
            clients[0] = agent.client
            entries = agent.llm_config["config_list"]
            for _ in [e for e in entries if _uses_llmaas_client(e)]:
                agent.register_model_client(model_client_cls=LLMaaSClient, **options)
        return messages

    register_again(None)
    agent.register_hook("process_all_messages_before_reply", register_again)
    return agent


def _uses_llmaas_client(entry: Any) -> bool:
    named = entry.get("model_client_cls") if isinstance(entry, Mapping) else None
    return (named or getattr(entry, "model_client_cls", None)) == LLMaaSClient.__name__


def with_custom_client(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return entries that use ``LLMaaSClient``; ``register`` each agent that takes them.

    ``price`` is removed, because with it the framework counts an unknown cost as 0.
    """
    marker = {"model_client_cls": LLMaaSClient.__name__}
    return [{**{k: v for k, v in entry.items() if k != "price"}, **marker} for entry in entries]


def _to_response(completion: Completion) -> Response:
    return Response(
        id=completion.id or "",
        model=completion.model,
        choices=[ResponseChoice(_to_message(c), c.finish_reason) for c in completion.choices],
        usage=completion.usage,
        cost=completion.cost,
    )


def _to_message(choice: Choice) -> Message:
    calls = [_to_tool_call(call) for call in choice.tool_calls]
    text = choice.content or choice.refusal
    return Message(text or ("" if not calls else None), calls or None, choice.reasoning)


def _to_tool_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


__all__ = ["LLMaaSClient", "register", "with_custom_client"]
