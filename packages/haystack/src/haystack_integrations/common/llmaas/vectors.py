"""Documents to texts, vectors to documents, and a run that can be stopped between them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from haystack import Document, logging
from tqdm import tqdm

from haystack_integrations.common.llmaas.checkpoint import Checkpoint, key_of
from llmaas import Embeddings

MODEL = "bge-m3:567m"
logger = logging.getLogger(__name__)


def meta_of(answer: Embeddings) -> dict[str, Any]:
    """Return the model and the tokens used, where the service told them."""
    meta: dict[str, Any] = {"model": answer.model}
    if answer.usage is not None:
        usage = answer.usage
        meta["usage"] = {
            "prompt_tokens": usage.prompt_tokens,
            "total_tokens": usage.total_tokens,
        }
    return meta


@dataclass(slots=True)
class Job:
    """One run over documents: what is already known, what is asked, and what came."""

    keys: list[bytes]
    """One per text of ``texts``, in the same order."""
    texts: list[str]
    by_id: Mapping[str, bytes]
    """The key of each document."""
    known: dict[bytes, list[float]]
    checkpoint: Checkpoint | None
    bar: Any
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def over(
        cls,
        texts: Mapping[str, str],
        *,
        server: str,
        model: str,
        dimensions: int | None,
        path: str | None,
        progress_bar: bool,
    ) -> Iterator[Job]:
        """Yield the job for texts; those in the checkpoint at ``path`` are not asked again."""
        by_id = {id_: key_of(server, model, dimensions, text) for id_, text in texts.items()}
        keys = {key: texts[id_] for id_, key in by_id.items()}
        with (
            Checkpoint.open(path) as checkpoint,
            tqdm(total=len(keys), disable=not progress_bar, desc="Calculating embeddings") as bar,
        ):
            known = checkpoint.read(keys) if checkpoint else {}
            bar.update(len(known))
            asked = [key for key in keys if key not in known]
            yield cls(asked, [keys[key] for key in asked], by_id, known, checkpoint, bar)

    def keep(self, offset: int, vectors: Sequence[Any]) -> None:
        """Take the vectors of one request, in whichever thread."""
        keys = self.keys[offset : offset + len(vectors)]
        if self.checkpoint is not None:
            pairs = zip(keys, vectors, strict=True)
            self.checkpoint.write((key, vector) for key, vector in pairs if vector is not None)
        with self.lock:
            self.bar.update(len(keys))

    def take(self, answer: Embeddings) -> dict[bytes, Exception]:
        """Note what a request for all texts brought; return the failures."""
        came = zip(self.keys, answer.vectors, strict=True)
        self.known.update((key, vector) for key, vector in came if vector is not None)
        return {self.keys[position]: error for position, error in answer.errors.items()}


def embedded(
    documents: Sequence[Document], keys: Mapping[str, bytes], known: Mapping[bytes, list[float]]
) -> list[Document]:
    """Return copies of documents, with vectors of their own where there are some."""
    vectors = (known.get(keys[doc.id], doc.embedding) for doc in documents)
    return [
        replace(doc, embedding=vector and [*vector])
        for doc, vector in zip(documents, vectors, strict=True)
    ]


def report(failures: Mapping[str, Exception], *, raising: bool) -> dict[str, str]:
    """Log (or raise) why documents have no vector; return the reasons by document id."""
    if failures and raising:
        document, error = next(iter(failures.items()))
        error.add_note(f"document {document}, one of {len(failures)} that failed")
        raise error
    for error in dict.fromkeys(failures.values()):
        ids = ", ".join(id_ for id_, other in failures.items() if other is error)
        logger.error("Failed embedding of documents {ids} caused by {exc}", ids=ids, exc=error)
    return {id_: str(error) for id_, error in failures.items()}
