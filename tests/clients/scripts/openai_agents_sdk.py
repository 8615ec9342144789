"""OpenAI Agents: a tool, a handover and a typed answer, over chat completions."""

from agents import Agent, Runner, function_tool, set_default_openai_api, set_tracing_disabled
from checks import MODEL, QUESTION, done
from pydantic import BaseModel

set_default_openai_api("chat_completions")
set_tracing_disabled(True)


class City(BaseModel):
    city: str


@function_tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"Sunny in {city}."


told = Runner.run_sync(Agent(name="a", model=MODEL, tools=[get_weather]), QUESTION)
assert "Sunny in Paris" in told.final_output, told
typed = Runner.run_sync(Agent(name="b", model=MODEL, output_type=City), "The city is Paris.")
assert typed.final_output.city, typed
done("openai-agents", "agent with a tool, typed answer")
