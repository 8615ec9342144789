"""Probes of batches. They read no batch but the one that they create."""

from llmaas_cli.probe.calls import chat, get
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    REPORT,
    UNCLEAR,
    Probe,
    Subject,
    pending,
    rule,
)
from llmaas_cli.probe.table.sources import API, BATCH, VLLM

PATH = "/v1/chat/completions/batch"
ONE = chat([[{"role": "user", "content": "Answer with the word OK."}]], max_tokens=8,
           call={"path": PATH, "operation": "batch"})  # fmt: skip

LATER = (
    "Batches run on weekday nights (22:00 to 07:00, French time) and at weekends. Run the same "
    "command with --checkpoint again after 07:00: results are kept for 24 hours."
)

PROBES = (
    Probe(
        "batch", "batch", "A batch is accepted with 202 and answered later.",
        f"{BATCH}; the path of {VLLM} answers at once",
        (ONE, get(PATH + "/{first_id}")),
        (
            rule(CONFIRMED, first__status=202, status=200, batch_status={
                "queued", "in_progress", "completed"}, learns={"batches": True}),
            rule(CONTRADICTED, "Do not use batches at this address.", first__ok=True,
                 learns={"batches": False}),
            rule(CONTRADICTED, "Do not use batches at this address.", first__is_missing=True,
                 learns={"batches": False}),
            rule(CONTRADICTED, REPORT, first__refused=True),
        ), Subject.PLAIN, ("first.status", "batch_status"), keeps={"batch_id": "first.batch_id"},
    ),
    Probe(
        "batch-results", "batch", "A completed batch has a result for each conversation.",
        BATCH, (get(PATH + "/{batch_id}"),),
        (
            rule(CONFIRMED, ok=True, batch_status="completed", batch_answers=1),
            rule(CONTRADICTED, REPORT, ok=True, batch_status="completed"),
            rule(UNCLEAR, "The batch failed: run it again with another --checkpoint.", ok=True,
                 batch_status={"failed", "expired", "cancelled"}),
            rule(CONTRADICTED, "Read results soon: they were dropped.", status=404),
            pending(LATER, ok=True, batch_status={"queued", "in_progress"}),
            rule(CONTRADICTED, REPORT, ok=True),
        ), Subject.PLAIN, ("batch_status", "batch_answers"), needs=("batch_id",),
    ),
    Probe(
        "batch-unknown", "batch", "An unknown batch is a 404.",
        BATCH, (get(PATH + "/batch-llmaas-probe-none"),),
        (
            rule(CONFIRMED, status=404),
            rule(CONTRADICTED, status={400, 403}),
            rule(CONTRADICTED, REPORT, ok=True),
        ), Subject.NONE, ("error_message",),
    ),
    Probe(
        "batch-files", "batch", "`/v1/batches` and files, OpenAI's batches, are not offered.",
        f"{BATCH}; offered by the documentation before", (get("/v1/batches"),),
        (
            rule(CONTRADICTED, "Nothing to do: the client uses the other path.", ok=True),
            rule(CONFIRMED, "Use client.submit_batch(), not the openai SDK.", is_missing=True),
        ), Subject.NONE,
    ),
    Probe(
        "retry-after", "batch",
        "A 429 has no `Retry-After`; the client then waits by its own schedule.",
        f"{API} advises to wait 60 s", (get("/v1/models"),),
        (
            rule(CONTRADICTED, "Nothing to do: the client honors it.",
                 last_retry_after={"seconds", "date"}, learns={"retry_after": True}),
            rule(CONFIRMED, last_retry_after="absent", learns={"retry_after": False}),
            rule(UNCLEAR, "No request of this run was limited.", ok=True),
        ), Subject.NONE, ("last_retry_after",),
    ),
    Probe(
        "retry-after-busy", "batch",
        "A 503 has no `Retry-After`; the client then waits by its own schedule.",
        "no source", (get("/v1/models"),),
        (
            rule(CONTRADICTED, "Nothing to do: the client honors it.",
                 busy_retry_after={"seconds", "date"}),
            rule(CONFIRMED, busy_retry_after="absent"),
            rule(UNCLEAR, "The service was not busy in this run.", ok=True),
        ), Subject.NONE, ("busy_retry_after",),
    ),
)  # fmt: skip
