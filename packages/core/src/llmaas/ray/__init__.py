"""Stages for Ray Data: chat, embeddings and reranking over datasets of any size.

``chat``, ``embed`` and ``rerank`` add columns to a dataset; ``Chat``, ``Embed`` and ``Rerank``
are the callables behind them, for ``Dataset.map_batches``. ``remaining`` leaves out the rows
that an interrupted run has written.
"""

from llmaas.ray.datasets import chat, embed, remaining, rerank
from llmaas.ray.stages import Chat, Embed, Rerank

__all__ = ["Chat", "Embed", "Rerank", "chat", "embed", "remaining", "rerank"]
