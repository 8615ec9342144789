"""DSPy: predict, chain of thought, a typed field, ReAct; each in both prompt formats."""

import dspy
from checks import KEY, MODEL, QUESTION, URL, done


def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"Sunny in {city}."


dspy.configure(lm=dspy.LM(f"openai/{MODEL}", api_base=URL, api_key=KEY, cache=False))
context = "The service is hosted in France. Cats sleep."
asked = {"context": context, "question": "Where is the service hosted?"}
for adapter in (dspy.ChatAdapter(), dspy.JSONAdapter()):
    dspy.configure(adapter=adapter)
    for kind in (dspy.Predict, dspy.ChainOfThought):
        assert "France" in kind("context, question -> answer")(**asked).answer
    assert dspy.Predict("text -> age: int")(text="Ada is 36 years old.").age == 36
    react = dspy.ReAct("question -> answer", tools=[get_weather], max_iters=3)
    assert react(question=QUESTION).answer
done("dspy", "`Predict`, `ChainOfThought`, typed field, `ReAct`; `ChatAdapter` and `JSONAdapter`")
