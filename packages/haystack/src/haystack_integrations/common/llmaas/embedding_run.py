"""Documents to texts, vectors to documents, and a run that can be stopped between them."""

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
    """Return the model, and the tokens and cost where the service reported them."""
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
    """One run over documents: the vectors already known, the texts to send, and the results."""

    keys: list[bytes]
    """The key of each document's text."""
    texts: dict[bytes, str]
    kept: dict[str, dict[bytes, list[float]]]
    """Vectors of the checkpoint, by the model that made them."""
    checkpoint: Checkpoint | None
    bar: Any
    model: str
    """The model whose vectors are taken."""
    known: dict[bytes, list[float]] = field(default_factory=dict)
    pending: list[bytes] = field(default_factory=list)
    failed: dict[bytes, Exception] = field(default_factory=dict)
    usage: Usage | None = None
    has_requests: bool = False
    """Whether a request was needed."""
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
        """Yield the run for texts; those in the checkpoint at ``path`` are not pending again."""
        keys = [cache_key(server, model, dimensions, text, params) for text in texts]
        by_key = dict(zip(keys, texts, strict=True))
        with (
            Checkpoint.open(path) as checkpoint,
            tqdm(total=len(by_key), disable=not progress_bar, desc="Calculating embeddings") as bar,
        ):
            kept = checkpoint.read(by_key) if checkpoint else {}
            likeliest = max(kept, key=lambda name: len(kept[name]), default=model)
            run = cls(keys, by_key, kept, checkpoint, bar, likeliest)
            run.known = dict(kept.get(likeliest, {}))
            bar.update(len(run.known))
            yield run

    def next_texts(self) -> list[str]:
        """Return the texts that must be sent next; none when all are known or failed."""
        self.pending = [k for k in self.texts if k not in self.known and k not in self.failed]
        self.has_requests = self.has_requests or bool(self.pending)
        return [self.texts[key] for key in self.pending]

    def switch_model(self, model: str) -> None:
        """Take the vectors of the model that answers: two models' vectors do not compare."""
        with self.lock:
            if model == self.model:
                return
            self.model = model
            self.bar.update(-len(self.known))
            self.known = dict(self.kept.get(model, {}))
            self.bar.update(len(self.known))

    def save_batch(self, offset: int, vectors: Sequence[Any]) -> None:
        """Take the vectors of one request, in whichever thread."""
        keys = self.pending[offset : offset + len(vectors)]
        pairs = zip(keys, vectors, strict=True)
        received = [(key, vector) for key, vector in pairs if vector is not None]
        if self.checkpoint is not None:
            self.checkpoint.write(self.model, received)
        with self.lock:
            self.bar.update(len(received))

    def add_response(self, answer: Embeddings) -> None:
        """Note what a request for all missing texts brought."""
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
        """Return the model and the tokens of the whole run, 0 where all texts were known."""
        return Embeddings([], self.model, self.usage if self.has_requests else Usage())


def with_embeddings(
    documents: Sequence[Document], keys: Sequence[bytes], known: Mapping[bytes, list[float]]
) -> list[Document]:
    """Return copies of documents, with vectors of their own where there are some."""
    vectors = (known.get(key, doc.embedding) for key, doc in zip(keys, documents, strict=True))
    return [
        replace(doc, embedding=vector and [*vector])
        for doc, vector in zip(documents, vectors, strict=True)
    ]


def report_failures(failures: Mapping[str, Exception], *, raising: bool) -> dict[str, str]:
    """Log (or raise) why documents have no vector; return the reasons by document id."""
    if failures and raising:
        document, error = next(iter(failures.items()))
        error.add_note(f"document {document}, one of {len(failures)} that failed")
        raise error
    for error in dict.fromkeys(failures.values()):
        ids = ", ".join(id_ for id_, other in failures.items() if other is error)
        logger.error("Failed embedding of documents {ids} caused by {exc}", ids=ids, exc=error)
    return {id_: str(error) for id_, error in failures.items()}
