"""LiteLLM: whole, streamed, a tool, embeddings, cost of an unknown model left alone."""

import litellm
from checks import MODEL, QUESTION, TOOL, done

name, messages = f"openai/{MODEL}", [{"role": "user", "content": 'Say "Bonjour"'}]
whole = litellm.completion(model=name, messages=messages)
assert whole.choices[0].message.content == "Bonjour", whole
parts = litellm.completion(model=name, messages=messages, stream=True)
assert "".join(p.choices[0].delta.content or "" for p in parts) == "Bonjour"
asked = [{"role": "user", "content": QUESTION}]
called = litellm.completion(model=name, messages=asked, tools=[TOOL])
assert called.choices[0].message.tool_calls[0].function.name == "get_weather", called
vectors = litellm.embedding(model="openai/bge-m3:567m", input=["a"], encoding_format="float")
assert vectors.data[0]["embedding"], vectors
done("litellm", "whole, streamed, tool, embeddings")
