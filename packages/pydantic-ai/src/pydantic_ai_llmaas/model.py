"""Model class ``LLMaaSModel``."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import (
    Model,
    ModelRequestParameters,
    StreamedResponse,
    check_allow_model_requests,
)
from pydantic_ai.settings import ModelSettings

from llmaas import AsyncLLMaaS, StructuredOutputError, adapters
from llmaas.model_names import ChatModelName
from pydantic_ai_llmaas.connection import LLMaaSProvider
from pydantic_ai_llmaas.errors import translate_errors
from pydantic_ai_llmaas.messages import to_api_messages
from pydantic_ai_llmaas.profiles import model_profile
from pydantic_ai_llmaas.responses import to_response
from pydantic_ai_llmaas.settings import call_arguments
from pydantic_ai_llmaas.streaming import LLMaaSStreamedResponse
from pydantic_ai_llmaas.tools import response_format, tool_arguments

if TYPE_CHECKING:
    from pydantic_ai import RunContext
    from pydantic_ai.profiles import ModelProfile, ModelProfileSpec

    from llmaas import Completion

SendReasoning = Literal["auto", "always", "never"]


@dataclass(init=False)
class LLMaaSModel(Model[AsyncLLMaaS]):
    """Model for text, thinking, tools and structured output, whole and streamed.

    ``provider_details`` of a response holds ``cost_eur``, ``backend``, ``request_id``,
    ``adjustments``, ``attempts``, ``cached`` and ``empty_reason``. Threads and event loops can
    share a model.
    """

    _relocates_tool_files = True
    _unsupported_file_inputs = frozenset({"document"})
    unsupported_settings = frozenset({"service_tier"})

    _model_name: str = field(repr=False)
    _provider: LLMaaSProvider = field(repr=False)
    send_reasoning: SendReasoning = "auto"

    def __init__(
        self,
        model_name: ChatModelName,
        *,
        provider: LLMaaSProvider | Literal["llmaas"] = "llmaas",
        profile: ModelProfileSpec | None = None,
        settings: ModelSettings | None = None,
        send_reasoning: SendReasoning = "auto",
    ) -> None:
        """Configure a model.

        ``provider`` defaults to a provider from the environment (``LLMAAS_API_KEY``,
        ``LLMAAS_BASE_URL``), ``profile`` to what the client's profile or the catalog says.
        ``send_reasoning`` selects the thinking that is sent back to the model: ``auto`` (current
        turn only, because models that call tools require it), ``always`` or ``never``. Defaults to
        ``auto``.
        """
        self._model_name = model_name
        self._provider = LLMaaSProvider() if isinstance(provider, str) else provider
        self.send_reasoning = send_reasoning
        super().__init__(settings=settings, profile=profile or self._measured_profile())

    def _measured_profile(self) -> ModelProfile | None:
        """Build the profile from the client's own, which the provider class does not know."""
        measured = self.client.settings.profile
        return None if measured is None else model_profile(self._model_name, measured)

    @property
    def client(self) -> AsyncLLMaaS:
        """The ``llmaas`` client."""
        return self._provider.client

    @property
    def base_url(self) -> str:
        """The address of the service."""
        return self._provider.base_url

    @property
    def model_name(self) -> str:
        """The requested model."""
        return self._model_name

    @property
    def system(self) -> str:
        """The provider name: ``llmaas``."""
        return self._provider.name

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Send a request and return the complete response.

        Returns an answer that does not match a native output schema after one correction, so
        that the agent retries as often as its ``retries`` allow. Raises
        ``UnexpectedModelBehavior`` if such an answer is truncated.
        """
        check_allow_model_requests()
        with translate_errors(model_name=self._model_name):
            client, arguments, _ = await self._prepare(
                messages, model_settings, model_request_parameters
            )
            try:
                completion = await client.chat(**arguments)
            except ValueError as error:
                completion = _invalid_output_or_raise(error)
        return to_response(completion, self.base_url)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Send a request and stream the response. Leaving the block closes the connection."""
        check_allow_model_requests()
        with translate_errors(model_name=self._model_name):
            client, arguments, parameters = await self._prepare(
                messages, model_settings, model_request_parameters
            )
            stream = await client.stream(**arguments)
        async with stream:
            yield LLMaaSStreamedResponse(
                model_request_parameters=parameters,
                stream=stream,
                requested_model=self._model_name,
                base_url=self.base_url,
                fence=adapters.strip_fence(arguments.get("response_format")),
            )

    async def _prepare(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> tuple[AsyncLLMaaS, dict[str, Any], ModelRequestParameters]:
        """Build the client, the arguments of its call and the prepared parameters."""
        prepared, parameters = self.prepare_request(model_settings, model_request_parameters)
        settings: dict[str, Any] = dict(prepared or {})
        instructions = self._get_instruction_parts(messages, parameters) or []
        arguments = call_arguments(settings, parameters)
        arguments.update(tool_arguments(settings, parameters))
        arguments["response_format"] = response_format(parameters, has_tools="tools" in arguments)
        arguments["model"] = self._model_name
        arguments["messages"] = await to_api_messages(
            messages, instructions, reasoning=self.send_reasoning
        )
        retries = settings.get("max_retries")
        client = self.client if retries is None else self.client.with_options(max_retries=retries)
        return client, arguments, parameters


def _invalid_output_or_raise(error: Exception) -> Completion:
    completion: Completion | None = getattr(error, "completion", None)
    is_invalid = completion is not None and isinstance(error, StructuredOutputError)
    if completion is not None and is_invalid and not adapters.is_cut(completion):
        return completion  # in a truncated answer, the framework might parse an example
    raise error
