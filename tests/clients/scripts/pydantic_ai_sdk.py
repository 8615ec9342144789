"""pydantic-ai: an agent with a tool, streamed text, an answer of a type."""

from checks import MODEL, QUESTION, done
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel


class City(BaseModel):
    city: str


model = OpenAIChatModel(MODEL)
agent = Agent(model)


@agent.tool_plain
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"Sunny in {city}."


assert "Sunny in Paris" in agent.run_sync(QUESTION).output
with_type = Agent(model, output_type=City, tools=[get_weather])
assert "Paris" in with_type.run_sync(QUESTION).output.city
streamed = Agent(model).run_stream_sync('Say "Bonjour"')
assert "".join(streamed.stream_text(delta=True)) == "Bonjour"
done("pydantic-ai-slim", "agent with a tool, typed answer, streamed")
