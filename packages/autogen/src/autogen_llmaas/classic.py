"""A model client for AutoGen 0.2 and AG2 up to 0.14, where agents take a ``config_list``.

The stock client of these branches works with our entries; this one also keeps reasoning on
tool turns, waits for rate limits, writes agents' names in ASCII and tells the cost in EUR::

    agent = ConversableAgent("writer", llm_config={"config_list": custom(config_list())})
    register(agent)

It follows the framework's ``ModelClient`` protocol and imports no framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogen_llmaas._core import patient, way
from autogen_llmaas.settings import RATE_LIMIT_TIMEOUT
from llmaas import Choice, Completion, LLMaaS, ToolCall, Usage, catalog
from llmaas.adapters import ascii_name
from llmaas.options import ChatOptions
from llmaas.settings import KEY_VARIABLE

_PARAMETERS = {*ChatOptions.__annotations__, "functions", "function_call"} - {"timeout"}
_OF_CALLS = ("reasoning", "fresh")
"""Options of the core's calls that its client does not take."""
_KEPT = 1_000


@dataclass
class Message:
    """One message as the framework reads it."""

    content: str | None
    tool_calls: list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    role: str = "assistant"
    function_call: None = None

    def model_dump(self) -> dict[str, Any]:
        """Return plain values, as the framework keeps them in its history."""
        return {**vars(self)}


@dataclass
class Answered:
    """One choice as the framework reads it."""

    message: Message
    finish_reason: str | None = None


@dataclass
class Response:
    """One answer as the framework reads it; it writes into the last three fields."""

    id: str
    model: str
    choices: list[Answered]
    usage: Usage | None
    """None where the service did not report it."""
    cost: float | None
    """In EUR; None without usage."""
    message_retrieval_function: Any = None
    config_id: Any = None
    pass_filter: Any = None


class LLMaaSClient:
    """The ``ModelClient`` to name as ``model_client_cls`` and to register."""

    def __init__(self, config: Mapping[str, Any], **kwargs: Any) -> None:
        base_url = config.get("base_url")
        self._defaults = {name: kwargs.pop(name) for name in _OF_CALLS if name in kwargs}
        client = LLMaaS(  # AG2 makes an object of the address
            **way(config.get("api_key"), KEY_VARIABLE, str(base_url) if base_url else None),
            timeout=config.get("timeout"),
            headers=config.get("default_headers"),
            **kwargs,
        )
        self._client = patient(client, RATE_LIMIT_TIMEOUT)
        self._reasoning: dict[str, str] = {}

    def create(self, params: Mapping[str, Any]) -> Response:
        """Ask; ``stream`` is not needed here, since nothing of this protocol streams."""
        model = params["model"]
        told = {**self._defaults, **params}
        known = {name: told[name] for name in _PARAMETERS if told.get(name) is not None}
        messages = list(self._written(params["messages"], model))
        completion = self._client.chat(messages, model=model, **known)
        self._keep(completion)
        return _response(completion)

    def message_retrieval(self, response: Response) -> list[Any]:
        """Return texts, or messages where there are tool calls."""
        messages = (choice.message for choice in response.choices)
        return [message if message.tool_calls else message.content for message in messages]

    def cost(self, response: Response) -> float | None:
        """Return what the answer cost, in EUR; None if that is unknown."""
        return response.cost

    @staticmethod
    def get_usage(response: Response) -> dict[str, Any]:
        """Return the counts under the names that the framework adds up.

        It adds nothing where names are missing, as they are without usage.
        """
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

    def _written(self, messages: Iterable[Mapping[str, Any]], model: str) -> Iterable[Any]:
        served = catalog.resolve(model).model
        for message in messages:
            wire = dict(message)
            if wire.get("name"):
                wire["name"] = ascii_name(wire["name"])
            calls = wire.get("tool_calls")
            said = self._reasoning.get(calls[0].get("id", "")) if calls else None
            if said and (served is None or served.reasoning is not False):
                wire["reasoning_content"] = said
            yield wire

    def _keep(self, completion: Completion) -> None:
        if completion.tool_calls and completion.reasoning:
            while len(self._reasoning) >= _KEPT:
                del self._reasoning[next(iter(self._reasoning))]
            self._reasoning[completion.tool_calls[0].id] = completion.reasoning


def register(agent: Any, **options: Any) -> Any:
    """Register ``LLMaaSClient`` with an agent, for good, and return the agent.

    ``options`` are those of ``llmaas.LLMaaS`` (``fallbacks``, ``retry_empty``, ``conform``,
    ``strict``...), ``reasoning`` and ``fresh``: entries of a ``config_list`` cannot hold them.
    The framework makes an agent's clients anew, without registered ones, when its tools change,
    and the group patterns of AG2 change them before each reply.
    """
    held: list[Any] = [None]

    def renew(messages: Any) -> Any:
        if agent.client is not held[0]:
            held[0] = agent.client
            entries = agent.llm_config["config_list"]
            for _ in [e for e in entries if _names_ours(e)]:
                agent.register_model_client(model_client_cls=LLMaaSClient, **options)
        return messages

    renew(None)
    agent.register_hook("process_all_messages_before_reply", renew)
    return agent


def _names_ours(entry: Any) -> bool:
    named = entry.get("model_client_cls") if isinstance(entry, Mapping) else None
    return (named or getattr(entry, "model_client_cls", None)) == LLMaaSClient.__name__


def custom(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return entries that name ``LLMaaSClient``: register it with each agent that uses them.

    They have no ``price``, by which the framework would take an unknown cost for 0.
    """
    ours = {"model_client_cls": LLMaaSClient.__name__}
    return [{**{k: v for k, v in entry.items() if k != "price"}, **ours} for entry in entries]


def _response(completion: Completion) -> Response:
    return Response(
        id=completion.id or "",
        model=completion.model,
        choices=[Answered(_message(c), c.finish_reason) for c in completion.choices],
        usage=completion.usage,
        cost=completion.cost,
    )


def _message(choice: Choice) -> Message:
    calls = [_call(call) for call in choice.tool_calls]
    said = choice.content or choice.refusal
    return Message(said or ("" if not calls else None), calls or None, choice.reasoning)


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


__all__ = ["LLMaaSClient", "custom", "register"]
