"""Probes of rankings."""

from llmaas_cli.probe.calls import rerank
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    REPORT,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import RERANK, VLLM

TEXTS = ["A poem about rain.", "The price of coffee rises.", "A packet has a version."]
R = Subject.RERANK

PROBES = (
    Probe(
        "rerank", "rerank", "`/v1/rerank` returns results sorted by score.",
        RERANK, (rerank(TEXTS),),
        (
            rule(CONFIRMED, ok=True, result_count=3, scores_are_sorted=True),
            rule(CONTRADICTED, "Nothing to do: the client sorts them.",
                 ok=True, result_count=3),
            rule(CONTRADICTED, REPORT, ok=True),
        ), R, ("result_count", "score_range", "document_kind"),
    ),
    Probe(
        "rerank-v2", "rerank", "`/v2/rerank` answers like `/v1/rerank`.",
        RERANK, (rerank(TEXTS, path="/v2/rerank"),),
        (
            rule(CONFIRMED, ok=True, result_count=3),
            rule(CONTRADICTED, "Use Cohere's SDK before version 5.", refused=True),
            rule(CONTRADICTED, "Use Cohere's SDK before version 5.", is_missing=True,
                 learns={"rerank_path": "/v1/rerank"}),
        ), R, ("result_count",),
    ),
    Probe(
        "rerank-scores", "rerank", "Scores are raw numbers, not between 0 and 1.",
        f"{RERANK}; {VLLM} has 0 to 1", (rerank(TEXTS),),
        (
            rule(CONFIRMED, "Compare scores within a ranking only.", ok=True, score_range="raw",
                 learns={"rerank_scores": "raw"}),
            rule(CONTRADICTED, "Set thresholds for this model only.", ok=True,
                 score_range="0 to 1", learns={"rerank_scores": "unit_interval"}),
        ), R, ("score_range",),
    ),
    Probe(
        "rerank-top-n", "rerank", "`top_n` limits the results.", RERANK, (rerank(TEXTS, top_n=1),),
        (
            rule(CONFIRMED, ok=True, result_count=1),
            rule(CONTRADICTED, "Nothing to do: the client cuts the list.", ok=True),
            rule(NOT_SUPPORTED, "Do not pass top_n=.", refused=True),
        ), R, ("result_count",),
    ),
    Probe(
        "rerank-documents", "rerank", "`return_documents: false` leaves the documents out.",
        f"{RERANK}; {VLLM} ignores it", (rerank(TEXTS, return_documents=False),),
        (
            rule(CONFIRMED, ok=True, document_kind="absent"),
            rule(CONTRADICTED, ok=True),
            rule(NOT_SUPPORTED, refused=True),
        ), R, ("document_kind",),
    ),
    Probe(
        "rerank-objects", "rerank", "Documents must be texts: objects are refused.",
        f"{RERANK}", (rerank([{"text": TEXTS[0]}, {"text": TEXTS[1]}]),),
        (
            rule(CONFIRMED, "Nothing to do: the client sends texts.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), R, ("error_message",),
    ),
    Probe(
        "rerank-usage", "rerank", "The usage counts tokens, without billed units.",
        f"{RERANK}; billed units until August 2026", (rerank(TEXTS),),
        (
            rule(CONFIRMED, ok=True, rerank_usage="tokens"),
            rule(CONTRADICTED, "Nothing to do: costs are counted per document.", ok=True),
        ), R, ("rerank_usage",),
    ),
    Probe(
        "rerank-empty", "rerank", "An empty list of documents is refused.",
        "no source", (rerank([]),),
        (
            rule(CONFIRMED, "Nothing to do: the client sends none.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), R, ("error_message",),
    ),
    Probe(
        "rerank-long", "rerank", "A document beyond the window is refused.",
        f"no source; {VLLM}", (rerank(["{long_text}"]),),
        (
            rule(CONFIRMED, "Split long documents.", refused=True),
            rule(CONTRADICTED, "Split long documents: their end is cut off silently.", ok=True),
        ), R, ("error_message", "client_error"), ("long_text",),
    ),
    Probe(
        "rerank-many", "rerank", "A request may have 1,000 documents.",
        "no limit is documented", (rerank(["a"] * 1000),),
        (
            rule(CONFIRMED, ok=True, result_count=1000),
            rule(CONTRADICTED, "Send fewer documents in a request.", refused=True),
            rule(CONTRADICTED, REPORT, ok=True),
        ), R, ("result_count", "error_message"),
    ),
)  # fmt: skip
