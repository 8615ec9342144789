"""A model on the sandbox, and how to ask it both ways."""

import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the framework's own, when it is imported first
    from pydantic_ai import Agent

from pydantic_ai_llmaas import LLMaaSModel, LLMaaSProvider

MODEL = "gpt-oss:120b"


@pytest.fixture
def make_model(sandbox):
    """Make a model on the sandbox that never repeats a request."""

    def make(name=MODEL, *, send_reasoning="auto", settings=None, **connection):
        provider = LLMaaSProvider(**{"max_retries": 0, **connection})
        return LLMaaSModel(
            name, provider=provider, send_reasoning=send_reasoning, settings=settings
        )

    return make


@pytest.fixture
def model(make_model):
    return make_model()


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request):
    return request.param


async def run(agent, prompt, *, stream, **options):
    """Return the result of an agent's run, asked whole or streamed to its end."""
    if not stream:
        return await agent.run(prompt, **options)
    result = None
    async with agent.run_stream_events(prompt, **options) as events:
        async for event in events:
            result = getattr(event, "result", result)
    return result


@pytest.fixture
def ask(stream):
    """Ask an agent, or a model, in both ways."""

    async def ask(target, prompt="Bonjour", **options):
        agent = target if isinstance(target, Agent) else Agent(target)
        return await run(agent, prompt, stream=stream, **options)

    return ask


@pytest.fixture
def sent(sandbox):
    """Return the body of a request, the last one by default."""
    return lambda position=-1: list(sandbox.requests)[position].json
