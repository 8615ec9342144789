"""What is sent and what is read, from recordings: one serves both SDK majors."""

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, Embedder, NativeOutput, exceptions

import llmaas
from pydantic_ai_llmaas import LLMaaSEmbeddingModel, LLMaaSModel, LLMaaSProvider
from tests.helpers.cassettes import scenarios as on


class City(BaseModel):
    name: str


def get_weather(city: str) -> str:
    """Weather in a city."""
    return f"18 degrees in {city}"


@pytest.fixture
def start(play, stream):
    """Play a scenario's cassette, the streamed one if the test streams; return a model."""

    def start(scenario, model=on.TALKER, faults="", **connection):
        play(f"{scenario}-stream" if stream else scenario, faults=faults)
        return LLMaaSModel(model, provider=LLMaaSProvider(max_retries=0, **connection))

    return start


async def test_chat(start, ask):
    response = (await ask(start("chat"), on.SAY)).response
    usage, details = response.usage, response.provider_details
    assert (response.text, response.finish_reason) == ("été", "stop")
    assert usage.input_tokens > 0
    told = on.micro_eur(usage.input_tokens, usage.output_tokens)
    assert details["cost_eur"] == pytest.approx(told / 1e6)
    assert details["backend"]["machine_name"]
    assert (response.provider_name, response.model_name) == ("llmaas", on.TALKER)


async def test_thinking(start, ask):
    response = (await ask(start("reasoning", on.THINKER), on.SKY)).response
    assert [part.part_kind for part in response.parts] == ["thinking", "text"]
    assert "ciel" in response.thinking
    assert response.thinking not in response.text
    assert response.usage.details["reasoning_tokens"] > 0


async def test_several_tools_at_once(start, ask):
    """The agent runs both, and asks for the answer: two exchanges."""
    agent = Agent(start("tools"), tools=[get_weather])
    result = await ask(agent, on.TWO_CITIES)
    called = [call for message in result.all_messages() for call in _calls(message)]
    assert [call.args_as_dict() for call in called] == [{"city": "Paris"}, {"city": "Lyon"}]
    assert "18 degrees in Paris" in result.output
    assert "18 degrees in Lyon" in result.output
    assert result.usage.requests == 2


async def test_structured_output(start, ask):
    agent = Agent(start("structured"), output_type=NativeOutput(City))
    assert (await ask(agent, on.NAMED)).output == City(name="Nantes")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
async def test_unknown_model(start, ask):
    with pytest.raises(exceptions.ModelNotFoundError) as caught:
        await ask(start("unknown-model", on.UNKNOWN), on.SAY)
    assert isinstance(caught.value, llmaas.ModelNotFoundError)
    assert (caught.value.status_code, caught.value.provider_error_code) == (404, "model_not_found")
    assert caught.value.hint


async def test_wrong_key(start, ask):
    with pytest.raises(exceptions.ModelAuthenticationError) as caught:
        await ask(start("wrong-key", api_key=on.WRONG_KEY), on.SAY)
    assert caught.value.status_code == 401
    assert on.WRONG_KEY not in f"{caught.value} {caught.value!r}"


async def test_a_limit_reached(start, ask):
    with pytest.raises(exceptions.ModelRateLimitError) as caught:
        await ask(start("limit-reached", faults=on.LIMIT), on.SAY)
    assert isinstance(caught.value, llmaas.RateLimitError)
    assert (caught.value.status_code, caught.value.retry_after) == (429, 7)


async def test_embeddings(play):
    """Passages, then a question about one of them, which is the nearest."""
    play("embeddings")
    model = LLMaaSEmbeddingModel(on.EMBEDDER, provider=LLMaaSProvider(max_retries=0))
    embedder = Embedder(model, settings={"dimensions": 16})
    told = await embedder.embed_documents(list(on.PASSAGES))
    (question,) = (await embedder.embed_query(on.PRICE)).embeddings
    assert [len(vector) for vector in (*told.embeddings, question)] == [16] * 4
    products = [sum(a * b for a, b in zip(e, question, strict=True)) for e in told.embeddings]
    assert products.index(max(products)) == 1
    assert told.usage.input_tokens > 0


def _calls(message):
    return [part for part in message.parts if part.part_kind == "tool-call"]
