"""A model on the sandbox, and the four ways to ask it."""

import asyncio
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the framework's own, when it is imported first
    from llama_index.core.base.llms.types import ChatMessage

from llama_index.llms.llmaas import LLMaaS


def _messages(question):
    return [ChatMessage(question)] if isinstance(question, str) else question


def _chat(model, question, /, **options):
    return model.chat(_messages(question), **options)


def _achat(model, question, /, **options):
    return asyncio.run(model.achat(_messages(question), **options))


def _stream(model, question, /, **options):
    return [*model.stream_chat(_messages(question), **options)][-1]


def _astream(model, question, /, **options):
    async def read():
        responses = await model.astream_chat(_messages(question), **options)
        return [response async for response in responses][-1]

    return asyncio.run(read())


@pytest.fixture(params=[_chat, _achat, _stream, _astream], ids=lambda way: way.__name__[1:])
def ask(request):
    """Ask a model in one of four ways; return the last response."""
    return request.param


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def either(request):
    """Call one of two: ``either(function, coroutine_function, *arguments)``."""

    def either(function, coroutine, *arguments, **options):
        if request.param:
            return asyncio.run(coroutine(*arguments, **options))
        return function(*arguments, **options)

    return either


@pytest.fixture
def make_llm(sandbox):
    """Make an ``LLMaaS`` that the sandbox answers."""

    def make(**options):
        return LLMaaS(**{"model": "gpt-oss:120b", "max_retries": 0, **options})

    return make
