"""The model client for autogen-core and everything above it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Self, Unpack, cast

from autogen_core import CancellationToken, Component
from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from autogen_llmaas import _log, _tokens
from autogen_llmaas._cancel import cancellable, guarded
from autogen_llmaas._core import ApiKey, open_core
from autogen_llmaas._echo import Echo
from autogen_llmaas._messages import Writer
from autogen_llmaas._names import Toolbox
from autogen_llmaas._result import create_result
from autogen_llmaas.components import model_info
from autogen_llmaas.settings import REQUEST_FIELDS, ClientSettings, LLMaaSClientConfig
from autogen_llmaas.totals import Totals
from llmaas import AsyncLLMaaS, Completion, ConfigurationError, catalog
from llmaas.adapters import invalid_output_error, is_cut_short
from llmaas.options import ChatOptions

UNKNOWN_CONTEXT = 32_768
"""Tokens that a model is taken to hold of which neither catalog nor service says more."""

_ToolChoice = Tool | Literal["auto", "required", "none"]
_EXTRA_ARGUMENTS = frozenset((*ChatOptions.__annotations__, *REQUEST_FIELDS, "metadata")) - {
    "tools",
    "repair",
}
_PLAIN_TEXT = {"type": "text"}


@dataclass(slots=True)
class _Asked:
    """One request, and what is needed to read its answer."""

    messages: list[dict[str, Any]]
    toolbox: Toolbox
    options: dict[str, Any]

    @property
    def wants_json(self) -> bool:
        return self.options.get("response_format") not in (None, _PLAIN_TEXT)


class LLMaaSChatCompletionClient(ChatCompletionClient, Component[LLMaaSClientConfig]):
    """Chat models of LLMaaS for AutoGen agents and teams.

    ``api_key`` (a string or a callable) defaults to the variable that ``api_key_env`` names,
    ``LLMAAS_API_KEY``; it is never part of a component, a pickle or a repr. The other settings
    are those of ``LLMaaSClientConfig``. One client may be used in several event loops. Raises
    what ``llmaas.errors`` draws; each error is the matching ``openai`` exception as well.
    """

    component_type = "model"
    component_config_schema = LLMaaSClientConfig

    def __init__(
        self,
        model: str,
        *,
        api_key: ApiKey = None,
        **settings: Unpack[ClientSettings],
    ) -> None:
        self._set_up(LLMaaSClientConfig.of(model, settings), api_key)

    def _set_up(self, config: LLMaaSClientConfig, api_key: ApiKey) -> None:
        self._config, self._api_key = config, api_key
        self._defaults = config.request_defaults()
        self._llmaas: AsyncLLMaaS | None = None
        self._echo = Echo()
        self.totals = Totals()
        """What all answers of this client took: tokens, reasoning apart, and EUR."""

    @property
    def llmaas(self) -> AsyncLLMaaS:
        """The core's client, through which every request goes."""
        if self._llmaas is None:
            self._llmaas = open_core(self._config, self._api_key)
        return self._llmaas

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: _ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Ask, and return the whole answer.

        With a model class as ``json_output`` an answer that does not fit is corrected once,
        then raises ``StructuredOutputError``; one that was cut by its length raises it at once,
        unless more tokens may be had.
        """
        asked = self._ask(messages, tools, tool_choice, json_output, extra_create_args)
        asked.options.pop("stream_options", None)
        call = self.llmaas.chat(asked.messages, model=self._config.model, **asked.options)
        try:
            completion = await cancellable(call, cancellation_token)
        except ValueError as error:  # StructuredOutputError, whose import brings the openai SDK
            invalid: Completion | None = getattr(error, "completion", None)
            if invalid is not None:
                self.totals.add(invalid)
            raise
        result = self._read(completion, asked)
        _log.called(asked.messages, asked.toolbox.wire, result)
        return result

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: _ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        include_usage: bool | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Ask, and yield the answer's text as it comes, then the whole answer.

        Reasoning is no part of the text; it is in the answer's ``thought``. Usage is asked for
        unless ``include_usage``, a keyword of AutoGen's own client, is False. An answer that
        does not fit ``json_output`` is returned as it is: its text has gone out already. One that
        was cut by its length raises ``StructuredOutputError``.
        """
        asked = self._ask(messages, tools, tool_choice, json_output, extra_create_args)
        if include_usage:
            told = asked.options.get("stream_options") or {}
            asked.options["stream_options"] = {**told, "include_usage": True}
        elif include_usage is False:
            asked.options["stream_options"] = None
        call = self.llmaas.stream(asked.messages, model=self._config.model, **asked.options)
        stream = await cancellable(call, cancellation_token)
        _log.started(asked.messages)
        async with stream, aclosing(guarded(stream, cancellation_token)) as events:
            async for event in events:
                if event.type == "text":
                    yield event.text
        completion = stream.completion
        if asked.wants_json and is_cut_short(completion):
            self.totals.add(completion)
            raise invalid_output_error(completion)
        result = self._read(completion, asked)
        _log.ended(result)
        yield result

    def _ask(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        tool_choice: _ToolChoice,
        json_output: bool | type[BaseModel] | None,
        extra: Mapping[str, Any] | None,
    ) -> _Asked:
        options = {**self._defaults, **_checked(extra or {})}
        if json_output is not None:
            options["response_format"] = _format(json_output)
        toolbox = Toolbox(tools)
        told = options.pop("tool_choice", None)  # AutoGen's web surfer and Magentic-One say it so
        choice = toolbox.choice(told if told is not None and tool_choice == "auto" else tool_choice)
        if tools:
            options |= {"tools": toolbox.wire, "tool_choice": choice}
        return _Asked(self._writer(toolbox).write(messages), toolbox, options)

    def _writer(self, toolbox: Toolbox) -> Writer:
        config = self._config
        return Writer(
            echo=self._echo,
            toolbox=toolbox,
            echoes_reasoning=self._reasons
            if config.send_reasoning is None
            else config.send_reasoning,
            with_names=config.include_name_in_message,
            with_prefixes=config.add_name_prefixes,
            sees_images=self.model_info["vision"],
        )

    @property
    def _reasons(self) -> bool:
        known = catalog.resolve(self._config.model).model
        return bool(known and known.reasoning) or self._echo.saw_reasoning

    def _read(self, completion: Completion, asked: _Asked) -> CreateResult:
        self.totals.add(completion)
        result = create_result(completion, asked.toolbox, wants_json=asked.wants_json)
        if isinstance(result.content, list):
            self._echo.keep(result.content, completion.text or None, completion.reasoning)
        return result

    async def refresh(self) -> None:
        """Learn from ``GET /v1/models`` what the service serves now, for this process.

        When the list does not come, a ``StaleCatalogWarning`` says so and nothing changes.
        """
        await catalog.arefresh(self.llmaas)

    async def close(self) -> None:
        """Close what belongs to this client alone; it may be used again."""
        if self._llmaas is not None:
            await self._llmaas.close()

    def actual_usage(self) -> RequestUsage:
        """Return the tokens of all answers; nothing is cached here."""
        return self.total_usage()

    def total_usage(self) -> RequestUsage:
        """Return the tokens of all answers; ``totals`` has reasoning and cost as well."""
        return RequestUsage(self.totals.prompt_tokens, self.totals.completion_tokens)

    @property
    def cost_eur(self) -> float:
        """What all answers of this client cost, in EUR."""
        return self.totals.cost_eur

    def count_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """Estimate the tokens of a request, offline: four characters each."""
        return _tokens.count(messages, tools)

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """Return how much of the model's context a request leaves."""
        known = catalog.resolve(self._config.model).model
        context = known.context if known else None
        return (context or UNKNOWN_CONTEXT) - self.count_tokens(messages, tools=tools)

    @property
    def model_info(self) -> ModelInfo:
        """What the catalog knows of the model, and what was said at construction."""
        return cast(ModelInfo, model_info(self._config.model, self._config.model_info))

    @property
    def capabilities(self) -> ModelInfo:
        """The same, under the name that AutoGen gave up."""
        return self.model_info

    def _to_config(self) -> LLMaaSClientConfig:
        return self._config.without_secrets()

    @classmethod
    def _from_config(cls, config: LLMaaSClientConfig) -> Self:
        return cls(**config.model_dump(exclude_unset=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self._config.model!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        kept = self._config.without_secrets().model_dump(exclude_unset=True)
        return (_loaded, (type(self), kept))

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: Any) -> Self:
        copy = type(self).__new__(type(self))
        copy._set_up(self._config, self._api_key)
        return copy


def _loaded(
    kind: type[LLMaaSChatCompletionClient], config: Mapping[str, Any]
) -> LLMaaSChatCompletionClient:
    return kind._from_config(LLMaaSClientConfig(**config))


def _checked(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse a misspelt argument: the service would ignore it without a word."""
    unknown = sorted(set(extra) - _EXTRA_ARGUMENTS)
    if unknown:
        raise ConfigurationError(
            f"extra_create_args are invalid: {unknown}; what only the service knows "
            "goes in extra_body"
        )
    return extra


def _format(json_output: bool | type[BaseModel]) -> Any:
    """Return the ``response_format``: JSON, plain text, or a model class for its schema."""
    if isinstance(json_output, bool):
        return {"type": "json_object"} if json_output else _PLAIN_TEXT
    return json_output
