"""An indexing run over 10,000 and more chunks of real text: ours, the stock embedder, and kills.

    python tests/bench/haystack_indexing.py [--latency SECONDS] [--stride WORDS]

The sandbox runs in this process, each indexing pipeline (split, embed, write) in one of its own.
The journal of the sandbox tells which texts were embedded; a run that is killed half way is
started again with the same checkpoint. ``--latency`` is added to every answer, as a network and
a queue would.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH, CONCURRENCY = 32, 8


def main() -> None:
    """Run all and print a table."""
    options = parse_arguments()
    if options.child:
        index(options)
        return
    from llmaas_sandbox import Sandbox

    with Sandbox(faults=f"slow-headers:{options.latency}" if options.latency else "") as box:
        print(f"{BATCH} texts a request; latency {options.latency} s")
        for kind in ("stock", "ours"):
            box.reset()
            show(f"{kind}, whole run", wait_for_result(child(box, kind, options)), box)
        for how in (signal.SIGINT, signal.SIGKILL):
            box.reset()
            resume_after_kill(box, options, how)


def parse_arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--stride", type=int, default=2, help="words between two chunks")
    parser.add_argument("--child", choices=("stock", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--checkpoint", help=argparse.SUPPRESS)
    return parser.parse_args()


def resume_after_kill(box: Any, options: argparse.Namespace, how: signal.Signals) -> None:
    """Kill a run when half of the texts are embedded, and start it again."""
    with tempfile.TemporaryDirectory() as folder:
        options.checkpoint = str(Path(folder) / "vectors.sqlite")
        process = child(box, "ours", options)
        half = chunk_count(options) // 2
        while sum(count_embedded(box).values()) < half and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(how)
        process.wait()
        time.sleep(0.5)  # what was under way reaches the journal
        before = sum(count_embedded(box).values())
        result = wait_for_result(child(box, "ours", options))
    result["known"] = before
    show(f"ours, {how.name} at {before} texts and again", result, box)


def show(title: str, result: dict[str, Any], box: Any) -> None:
    """Print one row, and what the journal says about it."""
    times = count_embedded(box)
    twice = sum(n - 1 for n in times.values())
    lost = result["chunks"] - result["with_vector"]
    rate = result["chunks"] / result["seconds"]
    print(f"{title}: {result['chunks']} chunks, {result['texts']} different texts, ", end="")
    print(f"{result['seconds']:.1f} s, {rate:.0f} chunks/s, client CPU {result['cpu']:.1f} s, ")
    print(f"    lost {lost}, missing at the service {result['texts'] - len(times)}, ", end="")
    print(f"embedded again {twice}; last progress: {result['progress']}")


def count_embedded(box: Any) -> Counter[str]:
    """Return how often each text was embedded, by the sandbox's journal."""
    done = [r for r in list(box.requests) if r.path.endswith("/embeddings") and r.status == 200]
    return Counter(text for request in done for text in request.json["input"])


def child(box: Any, kind: str, options: argparse.Namespace) -> subprocess.Popen[str]:
    """Start one indexing run."""
    command = [sys.executable, __file__, "--child", kind, "--stride", str(options.stride)]
    if options.checkpoint:
        command += ["--checkpoint", options.checkpoint]
    where = {"LLMAAS_BASE_URL": box.base_url, "LLMAAS_API_KEY": box.api_key}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **where, "HAYSTACK_TELEMETRY_ENABLED": "False"},
    )


def wait_for_result(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a run and return what it measured."""
    out, err = process.communicate()
    if process.returncode:
        raise SystemExit(err)
    result: dict[str, Any] = json.loads(out)
    bars = [line for line in err.replace("\r", "\n").splitlines() if "embeddings" in line]
    return {**result, "progress": bars[-1].partition("|")[0] + bars[-1].rpartition("|")[2]}


def chunk_count(options: argparse.Namespace) -> int:
    """Return how many different texts there will be."""
    return len({document.content for document in chunks(options.stride)})


def chunks(stride: int) -> list[Any]:
    """Return the shipped documents, cut into windows of twelve words."""
    from haystack import Document
    from haystack.components.preprocessors import DocumentSplitter

    from llmaas_cli.demo import load_documents

    whole = [Document(content=d.text, meta={"name": d.name}) for d in load_documents()]
    splitter = DocumentSplitter(split_by="word", split_length=12, split_overlap=12 - stride)
    documents: list[Any] = splitter.run(whole)["documents"]
    return documents


def index(options: argparse.Namespace) -> None:
    """Run the pipeline and print figures, as the child."""
    from haystack import Pipeline
    from haystack.components.writers import DocumentWriter
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    documents, store = chunks(options.stride), InMemoryDocumentStore()
    pipeline = Pipeline()
    pipeline.add_component("embedder", EMBEDDERS[options.child](options.checkpoint))
    pipeline.add_component("writer", DocumentWriter(store))
    pipeline.connect("embedder.documents", "writer.documents")
    began, cpu = time.perf_counter(), time.process_time()
    pipeline.run({"embedder": {"documents": documents}})
    result = {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "chunks": len(documents),
        "texts": len({document.content for document in documents}),
        "with_vector": sum(d.embedding is not None for d in store.filter_documents()),
    }
    print(json.dumps(result))


def ours(checkpoint: str | None) -> Any:
    """Return our embedder."""
    from haystack_integrations.components.embedders.llmaas import LLMaaSDocumentEmbedder

    return LLMaaSDocumentEmbedder(batch_size=BATCH, concurrency=CONCURRENCY, checkpoint=checkpoint)


def stock(_: str | None) -> Any:
    """Return Haystack's own embedder, pointed at the same address."""
    from haystack.components.embedders import OpenAIDocumentEmbedder
    from haystack.utils import Secret

    return OpenAIDocumentEmbedder(
        api_key=Secret.from_env_var("LLMAAS_API_KEY"),
        api_base_url=os.environ["LLMAAS_BASE_URL"],
        model="bge-m3:567m",
        batch_size=BATCH,
    )


EMBEDDERS: dict[str, Callable[[str | None], Any]] = {"ours": ours, "stock": stock}

if __name__ == "__main__":
    main()
