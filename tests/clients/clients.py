"""The table of clients: what is installed, and which script tries it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Client:
    """A client of others, in an environment of its own."""

    name: str
    script: str
    packages: tuple[str, ...]
    page: Path | None = None
    """The page of the documentation whose snippets are run."""

    @property
    def folder(self) -> str:
        """A name for its environment."""
        return "".join(c if c.isalnum() else "-" for c in self.name.lower())


CLIENTS = (
    Client("openai Python 2", "openai_sdk.py", ("openai>=2,<3",)),
    Client("openai Python 3", "openai_sdk.py", ("openai>=3,<4",)),
    Client(
        "openai Python, its own suite",
        "openai_suite.py",
        (
            *("openai[aiohttp]>=3,<4", "pip", "hatchling", "hatch-fancy-pypi-readme", "pytest"),
            *("pytest-asyncio", "dirty-equals", "nest-asyncio", "inline-snapshot", "rich"),
            *("httpx2", "respx", "time-machine"),
        ),
    ),
    Client("openai npm", "openai_sdk.mjs", ("openai",)),
    Client("Vercel AI SDK", "ai_sdk.mjs", ("ai@5", "@ai-sdk/openai-compatible@1", "zod@4")),
    Client("cohere Python", "cohere_sdk.py", ("cohere",)),
    Client("llm", "llm_cli.py", ("llm",)),
    Client("LiteLLM", "litellm_sdk.py", ("litellm",)),
    Client("instructor", "instructor_sdk.py", ("instructor",)),
    Client("pydantic-ai", "pydantic_ai_sdk.py", ("pydantic-ai-slim[openai]",)),
    Client("OpenAI Agents", "openai_agents_sdk.py", ("openai-agents",)),
    Client(
        "LlamaIndex",
        "llama_index_sdk.py",
        ("llama-index-core", "llama-index-llms-openai-like"),
    ),
    Client("DSPy", "dspy_sdk.py", ("dspy",)),
    Client("smolagents", "smolagents_sdk.py", ("smolagents[openai]",)),
    Client(
        "LangChain, stock client",
        "langchain_standard.py",
        ("langchain-openai", "langchain-tests", "langchain", "pytest-asyncio"),
    ),
    Client("openapi-python-client", "generated_python.py", ("openapi-python-client",)),
    Client(
        "openapi-typescript",
        "openapi_fetch.mjs",
        ("openapi-typescript", "openapi-fetch", "typescript@5", "@types/node"),
    ),
    Client(
        "hey-api",
        "hey_api.mjs",
        ("@hey-api/openapi-ts", "typescript@5", "@types/node", "esbuild"),
    ),
)
