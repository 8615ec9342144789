"""What the scripts share: questions, a tool, and the line that tells the outcome."""

import json
import os
from importlib.metadata import version

MODEL = "gemma4:31b"
QUESTION = "What is the weather in Paris?"
ROOT = os.environ["SANDBOX_ROOT"]
URL, KEY = os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def done(package: str, what: str) -> None:
    """Tell what worked, and with which version."""
    print(json.dumps({"version": version(package), "what": what}))
