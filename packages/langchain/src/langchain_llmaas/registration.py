"""``register()``: let ``init_chat_model("llmaas:...")`` and ``init_embeddings`` find us.

LangChain keeps its providers in two private tables and offers no way in. So this happens
only when asked for, never on import, and is all that this package touches of them; it may go
the day LangChain lists ``llmaas`` itself or takes entry points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_llmaas.content_blocks import PROVIDER


def register() -> None:
    """Make ``llmaas`` a provider of ``langchain``'s ``init_*`` functions, in this process."""
    # private: no public registry in langchain 1.0 to 1.5; gone when LangChain lists llmaas
    from langchain.chat_models.base import _BUILTIN_PROVIDERS as CHATS  # private: see above
    from langchain.embeddings.base import _BUILTIN_PROVIDERS as EMBEDDERS  # private: see above

    tables: Any = CHATS, EMBEDDERS
    for table, name in zip(tables, ("ChatLLMaaS", "LLMaaSEmbeddings"), strict=True):
        table.setdefault(PROVIDER, ("langchain_llmaas", name, _create))


def _create(cls: Callable[..., Any], **kwargs: Any) -> Any:
    return cls(**kwargs)
