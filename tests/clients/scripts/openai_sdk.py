"""openai for Python: whole, streamed, a tool, embeddings, models, a refusal."""

import openai
from checks import MODEL, QUESTION, TOOL, done

client = openai.OpenAI(max_retries=0)
messages = [{"role": "user", "content": 'Say "Bonjour"'}]
whole = client.chat.completions.create(model=MODEL, messages=messages)
assert whole.choices[0].message.content == "Bonjour", whole
parts = client.chat.completions.create(model=MODEL, messages=messages, stream=True)
text = "".join(c.choices[0].delta.content or "" for c in parts if c.choices)
assert text == "Bonjour", text
asked = [{"role": "user", "content": QUESTION}]
called = client.chat.completions.create(model=MODEL, messages=asked, tools=[TOOL])
assert called.choices[0].message.tool_calls[0].function.name == "get_weather", called
vectors = client.embeddings.create(model="bge-m3:567m", input=["a", "b"])
assert len(vectors.data) == 2, vectors
assert any(model.id == MODEL for model in client.models.list())
try:
    client.chat.completions.create(model="nobody", messages=messages)
    code = None
except openai.NotFoundError as refused:
    code = refused.code
assert code == "model_not_found", code
done("openai", "whole, streamed, tool, embeddings, models, error")
