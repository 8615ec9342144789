"""Embedding run over documents, resumable from a checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from haystack import Document, logging
from tqdm import tqdm

from haystack_integrations.common.llmaas.checkpoint import Checkpoint, cache_key
from llmaas import Embeddings, Usage

DEFAULT_MODEL = "bge-m3:567m"
logger = logging.getLogger(__name__)


def build_meta(answer: Embeddings) -> dict[str, Any]:
    """Build a component's ``meta``: the model, and the reported tokens and cost."""
    meta: dict[str, Any] = {"model": answer.model}
    if answer.usage is not None:
        usage = answer.usage
        meta["usage"] = {
            "prompt_tokens": usage.prompt_tokens,
            "total_tokens": usage.total_tokens,
        }
    if answer.cost_micro_eur is not None:
        meta["cost_eur"] = answer.cost_micro_eur / 1_000_000
    return meta


@dataclass(slots=True)
class EmbeddingRun:
    """State of one run: the known vectors, the texts to send, and the failures."""

    keys: list[bytes]
    """The key of each document's text."""
    texts: dict[bytes, str]
    stored: dict[str, dict[bytes, list[float]]]
    """Vectors of the checkpoint, by model and key."""
    checkpoint: Checkpoint | None
    bar: Any
    model: str
    """The model whose vectors are used."""
    known: dict[bytes, list[float]] = field(default_factory=dict)
    pending: list[bytes] = field(default_factory=list)
    failed: dict[bytes, Exception] = field(default_factory=dict)
    usage: Usage | None = None
    has_requests: bool = False
    """Whether any text had to be sent."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def open(
        cls,
        texts: Sequence[str],
        *,
        server: str,
        model: str,
        dimensions: int | None,
        params: Mapping[str, Any],
        path: str | None,
        progress_bar: bool,
    ) -> Iterator[EmbeddingRun]:
        """Open a run. Texts in the checkpoint at ``path`` are not sent again."""
        keys = [cache_key(server, model, dimensions, text, params) for text in texts]
        by_key = dict(zip(keys, texts, strict=True))
        with (
            Checkpoint.open(path) as checkpoint,
            tqdm(total=len(by_key), disable=not progress_bar, desc="Calculating embeddings") as bar,
        ):
            stored = checkpoint.read(by_key) if checkpoint else {}
            likely_model = max(stored, key=lambda name: len(stored[name]), default=model)
            run = cls(keys, by_key, stored, checkpoint, bar, likely_model)
            run.known = dict(stored.get(likely_model, {}))
            bar.update(len(run.known))
            yield run

    def next_texts(self) -> list[str]:
        """Return the texts to send next: those neither known nor failed."""
        self.pending = [k for k in self.texts if k not in self.known and k not in self.failed]
        self.has_requests = self.has_requests or bool(self.pending)
        return [self.texts[key] for key in self.pending]

    def switch_model(self, model: str) -> None:
        """Use only vectors of ``model``: vectors of two models cannot be compared."""
        with self.lock:
            if model == self.model:
                return
            self.model = model
            self.bar.update(-len(self.known))
            self.known = dict(self.stored.get(model, {}))
            self.bar.update(len(self.known))

    def save_batch(self, offset: int, vectors: Sequence[Any]) -> None:
        """Store the vectors of one request. Thread-safe."""
        keys = self.pending[offset : offset + len(vectors)]
        pairs = zip(keys, vectors, strict=True)
        received = [(key, vector) for key, vector in pairs if vector is not None]
        if self.checkpoint is not None:
            self.checkpoint.write(self.model, received)
        with self.lock:
            self.bar.update(len(received))

    def add_response(self, answer: Embeddings) -> None:
        """Record the vectors, errors and usage of a call."""
        received = zip(self.pending, answer.vectors, strict=True)
        self.known.update((key, vector) for key, vector in received if vector is not None)
        self.failed.update({self.pending[at]: error for at, error in answer.errors.items()})
        self.bar.update(len(answer.errors))
        if answer.usage is not None:
            before = self.usage or Usage()
            self.usage = Usage(
                prompt_tokens=before.prompt_tokens + answer.usage.prompt_tokens,
                total_tokens=before.total_tokens + answer.usage.total_tokens,
            )

    def summary(self) -> Embeddings:
        """Return the model and usage of the run; 0 tokens if nothing was sent."""
        return Embeddings([], self.model, self.usage if self.has_requests else Usage())


def with_embeddings(
    documents: Sequence[Document], keys: Sequence[bytes], known: Mapping[bytes, list[float]]
) -> list[Document]:
    """Copy documents and set their vectors, where known."""
    vectors = (known.get(key, doc.embedding) for key, doc in zip(keys, documents, strict=True))
    return [
        replace(doc, embedding=vector and [*vector])
        for doc, vector in zip(documents, vectors, strict=True)
    ]


def report_failures(failures: Mapping[str, Exception], *, raising: bool) -> dict[str, str]:
    """Log the errors of failed documents, or raise the first; return messages by document id."""
    if failures and raising:
        document, error = next(iter(failures.items()))
        error.add_note(f"document {document}, one of {len(failures)} failed documents")
        raise error
    for error in dict.fromkeys(failures.values()):
        ids = ", ".join(id_ for id_, other in failures.items() if other is error)
        logger.error("Failed embedding of documents {ids} caused by {exc}", ids=ids, exc=error)
    return {id_: str(error) for id_, error in failures.items()}
