"""Structured predictions through ``response_format``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

from llama_index.core.instrumentation.events.llm import (
    LLMStructuredPredictEndEvent,
    LLMStructuredPredictStartEvent,
)
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.prompts import PromptTemplate
from llama_index.core.types import PydanticProgramMode
from llama_index_instrumentation import get_dispatcher

from llama_index.llms.llmaas.structured import StreamedObject, to_value

dispatcher = get_dispatcher(__name__)
Options = dict[str, Any] | None


class StructuredPrediction(FunctionCallingLLM):
    """Structured predictions that the client validates and repairs once.

    If ``pydantic_program_mode`` is not ``DEFAULT``, LlamaIndex's programs run instead.
    """

    @dispatcher.span
    def structured_predict(
        self,
        output_cls: type[Any],
        prompt: PromptTemplate,
        llm_kwargs: Options = None,
        **prompt_args: Any,
    ) -> Any:
        """Predict an instance of ``output_cls``. Raises ``StructuredOutputError``."""
        if self._uses_programs:
            return super().structured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        self._start(output_cls, prompt, prompt_args)
        messages = self._get_messages(prompt, **prompt_args)
        return _completed(self.chat(messages, **_options(output_cls, llm_kwargs)))

    @dispatcher.span
    async def astructured_predict(
        self,
        output_cls: type[Any],
        prompt: PromptTemplate,
        llm_kwargs: Options = None,
        **prompt_args: Any,
    ) -> Any:
        """Predict an instance of ``output_cls``. Raises ``StructuredOutputError``."""
        if self._uses_programs:
            return await super().astructured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        self._start(output_cls, prompt, prompt_args)
        messages = self._get_messages(prompt, **prompt_args)
        return _completed(await self.achat(messages, **_options(output_cls, llm_kwargs)))

    def _structured_stream_call(
        self,
        output_cls: type[Any],
        prompt: PromptTemplate,
        llm_kwargs: Options = None,
        **prompt_args: Any,
    ) -> Generator[Any, None, None]:
        if self._uses_programs:
            call = super()._structured_stream_call
            yield from call(output_cls, prompt, llm_kwargs, **prompt_args)
            return
        messages = self._get_messages(prompt, **prompt_args)
        convert = StreamedObject(output_cls).convert
        for response in self.stream_chat(messages, **_options(output_cls, llm_kwargs)):
            if (value := convert(response)) is not None:
                yield value

    async def _structured_astream_call(
        self,
        output_cls: type[Any],
        prompt: PromptTemplate,
        llm_kwargs: Options = None,
        **prompt_args: Any,
    ) -> AsyncGenerator[Any, None]:
        if self._uses_programs:
            call = super()._structured_astream_call
            return await call(output_cls, prompt, llm_kwargs, **prompt_args)
        messages = self._get_messages(prompt, **prompt_args)
        responses = await self.astream_chat(messages, **_options(output_cls, llm_kwargs))
        return _stream_values(responses, output_cls)

    @property
    def _uses_programs(self) -> bool:
        return self.pydantic_program_mode != PydanticProgramMode.DEFAULT

    def _start(self, output_cls: type[Any], prompt: Any, prompt_args: dict[str, Any]) -> None:
        event = LLMStructuredPredictStartEvent(
            output_cls=output_cls, template=prompt, template_args=prompt_args
        )
        dispatcher.event(event)


def _options(output_cls: type[Any], llm_kwargs: Options) -> dict[str, Any]:
    return {**(llm_kwargs or {}), "response_format": output_cls}


def _completed(response: Any) -> Any:
    value = to_value(response)
    dispatcher.event(LLMStructuredPredictEndEvent(output=value))
    return value


async def _stream_values(responses: Any, output_cls: type[Any]) -> AsyncGenerator[Any, None]:
    convert = StreamedObject(output_cls).convert
    async for response in responses:
        if (value := convert(response)) is not None:
            yield value
