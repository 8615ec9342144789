"""instructor: an object by tools, by JSON and by a JSON schema."""

import instructor
import openai
from checks import MODEL, done
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


modes = (instructor.Mode.TOOLS, instructor.Mode.JSON, instructor.Mode.JSON_SCHEMA)
for mode in modes:
    client = instructor.from_openai(openai.OpenAI(), mode=mode)
    asked = [{"role": "user", "content": "Ada is 36 years old."}]
    person = client.chat.completions.create(
        model=MODEL, response_model=Person, messages=asked, max_retries=1
    )
    assert (person.name, person.age) == ("Ada", 36), (mode, person)
done("instructor", "`TOOLS`, `JSON`, `JSON_SCHEMA`")
