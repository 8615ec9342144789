"""Probes of batches. They read no batch but the one that they create."""

from llmaas_cli.probe.calls import chat, get
from llmaas_cli.probe.model import CONFIRMED, CONTRADICTED, REPORT, UNCLEAR, Probe, Subject, rule
from llmaas_cli.probe.table.sources import API, BATCH, VLLM

PATH = "/v1/chat/completions/batch"
ONE = chat([[{"role": "user", "content": "Answer with the word OK."}]], max_tokens=8,
           call={"path": PATH, "operation": "batch"})  # fmt: skip

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
        ), Subject.PLAIN, ("first.status", "batch_status"),
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
        "A 429 or 503 has no `Retry-After`; the client then waits by its own schedule.",
        f"{API} advises to wait 60 s", (get("/v1/models"),),
        (
            rule(CONTRADICTED, "Nothing to do: the client honors it.",
                 last_retry_after={"seconds", "date"}, learns={"retry_after": True}),
            rule(CONFIRMED, last_retry_after="absent", learns={"retry_after": False}),
            rule(UNCLEAR, "No request of this run was limited.", ok=True),
        ), Subject.NONE, ("last_retry_after",),
    ),
)  # fmt: skip
