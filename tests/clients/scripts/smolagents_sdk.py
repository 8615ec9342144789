"""smolagents: an agent that calls tools until it has its answer."""

from checks import KEY, MODEL, QUESTION, URL, done
from smolagents import OpenAIServerModel, ToolCallingAgent, tool


@tool
def get_weather(city: str) -> str:
    """Weather of a city.

    Args:
        city: The city.
    """
    return f"Sunny in {city}."


model = OpenAIServerModel(MODEL, api_base=URL, api_key=KEY)
agent = ToolCallingAgent(tools=[get_weather], model=model, max_steps=4, verbosity_level=0)
told = str(agent.run(QUESTION))
assert "Sunny in Paris" in told, told
done("smolagents", "agent that calls tools")
