"""Registration of ``llmaas`` for ``init_chat_model("llmaas:...")`` and ``init_embeddings``.

LangChain has no public registry of providers, only two private tables. ``register()`` changes
them on request, never on import. Remove it when LangChain lists ``llmaas`` or supports entry
points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_llmaas.content_blocks import PROVIDER


def register() -> None:
    """Add ``llmaas`` to the providers of ``langchain``'s ``init_*`` functions."""
    # private: langchain 1.0 to 1.5 has no public registry; remove when it lists llmaas
    from langchain.chat_models.base import _BUILTIN_PROVIDERS as CHATS  # private: see above
    from langchain.embeddings.base import _BUILTIN_PROVIDERS as EMBEDDERS  # private: see above

    tables: Any = CHATS, EMBEDDERS
    for table, name in zip(tables, ("ChatLLMaaS", "LLMaaSEmbeddings"), strict=True):
        table.setdefault(PROVIDER, ("langchain_llmaas", name, _create))


def _create(cls: Callable[..., Any], **kwargs: Any) -> Any:
    return cls(**kwargs)
