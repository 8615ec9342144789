"""Pages of the frameworks' sites: Haystack's integration tile and LangChain's documentation.

The texts are beside this module. ``{{NAME}}`` is replaced; code blocks are executed by the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.registries.facts import KEY, Facts
from tools.release import REPOSITORY

CHAT_MODEL = "gpt-oss:120b"
EMBEDDING_MODEL = "bge-m3:567m"
FILES = {
    "haystack.md": "haystack-integrations/integrations/llmaas.md",
    "langchain.mdx": "langchain-docs/src/oss/python/integrations/chat/llmaas.mdx",
}


def pages(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield each page, with the models and addresses of today."""
    offered = {model.id for model in facts.models}
    assert {CHAT_MODEL, EMBEDDING_MODEL} <= offered, "choose other models for the pages"
    values = {
        "REPOSITORY": REPOSITORY,
        "INDEX": f"https://{'pypi'}.org/project",  # in parts: no file names a package index
        "KEY": KEY,
        "CHAT_MODEL": CHAT_MODEL,
        "EMBEDDING_MODEL": EMBEDDING_MODEL,
    }
    for name, path in FILES.items():
        text = Path(__file__).with_name(name).read_text("utf-8")
        for key, value in values.items():
            text = text.replace(f"{{{{{key}}}}}", value)
        yield path, text
