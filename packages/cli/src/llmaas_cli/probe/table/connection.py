"""Probes of the connection and of headers."""

from llmaas_cli.probe.calls import chat, get, stream
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    Learned,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, CLIENT, FAQ, HIVEMIND, HOW_TO

LISTED = get("/v1/models")

PROBES = (
    Probe(
        "tls", "connection", "The connection uses TLS 1.3.", FAQ, (LISTED,),
        (
            rule(CONFIRMED, ok=True, tls="TLSv1.3"),
            rule(NOT_SUPPORTED, "Use an https:// address: the key is sent unencrypted.",
                 ok=True, tls="none"),
            rule(CONTRADICTED, "Have the server updated.", ok=True),
        ), Subject.NONE, ("tls",),
    ),
    Probe(
        "reuse", "connection", "A connection is reused after an answer.",
        CLIENT, (LISTED, LISTED),
        (
            rule(CONFIRMED, ok=True, same_connection=True),
            rule(CONTRADICTED, "Each call pays a new handshake: use batches of work.",
                 ok=True, same_connection=False),
        ), Subject.NONE, ("closes_connection",),
    ),
    Probe(
        "reuse-after-stream", "connection",
        "A connection is reused after a stream that was read to its end.",
        CLIENT, (stream(max_tokens=4), LISTED),
        (
            rule(CONFIRMED, first__ok=True, ok=True, same_connection=True),
            rule(CONTRADICTED, "Each stream costs a new handshake.",
                 first__ok=True, ok=True, same_connection=False),
        ),
    ),
    Probe(
        "request-id", "connection", "Answers have a header `x-request-id`.",
        f"{HOW_TO}, test_api_models and simple_tts", (chat(max_tokens=1),),
        (
            rule(CONFIRMED, "Give it in reports.", ok=True,
                 **{"header.x-request-id": lambda value: bool(value)}),
            rule(CONTRADICTED, "Reports to the service can only give the time.", ok=True),
        ),
    ),
    Probe(
        "request-id-error", "connection", "Errors have a header `x-request-id`, too.",
        "no source", (chat(temperature=9, max_tokens=1),),
        (
            rule(CONFIRMED, refused=True, **{"header.x-request-id": lambda value: bool(value)}),
            rule(CONTRADICTED, refused=True),
        ),
    ),
    Probe(
        "rate-limit-headers", "connection",
        "Answers have `X-RateLimit-Limit-, -Remaining- and -Reset-Requests`.",
        API, (chat(max_tokens=1),),
        (
            rule(CONFIRMED, ok=True, learns={"rate_limit_headers": Learned("rate_limit_names")},
                 **{"header.x-ratelimit-limit-requests": lambda value: bool(value),
                    "header.x-ratelimit-remaining-requests": lambda value: bool(value)}),
            rule(CONTRADICTED, "Keep within the tier yourself: Quota(tier).", ok=True,
                 learns={"rate_limit_headers": Learned("rate_limit_names")}),
        ), Subject.PLAIN, ("rate_limit_headers",),
    ),
    Probe(
        "rate-limit-reset", "connection", "The rate-limit reset is a time in epoch seconds.",
        API, (chat(max_tokens=1),),
        (
            rule(CONFIRMED, ok=True, reset_form="epoch"),
            rule(CONTRADICTED, "Nothing to do: the client reads both forms.",
                 ok=True, reset_form={"seconds", "other"}),
            rule(NOT_SUPPORTED, ok=True, reset_form="absent"),
        ), Subject.PLAIN, ("reset_form",),
    ),
    Probe(
        "rate-limit-on-errors", "connection", "Errors have the rate-limit headers, too.",
        "no source", (chat(temperature=9, max_tokens=1),),
        (
            rule(CONFIRMED, refused=True, rate_limit_headers=lambda names: bool(names)),
            rule(CONTRADICTED, refused=True),
        ),
    ),
    Probe(
        "response-cache", "connection", "Equal requests are not answered from a cache.",
        f"{HIVEMIND}: header `x-cache`", (chat(max_tokens=4, temperature=1),) * 2,
        (
            rule(CONTRADICTED, "For a fresh answer, change the prompt; usage of a hit may not "
                 "be billed.", ok=True, same_id=True),
            rule(CONTRADICTED, "For a fresh answer, change the prompt; usage of a hit may not "
                 "be billed.", ok=True, **{"header.x-cache": lambda value: value == "hit"}),
            rule(CONFIRMED, ok=True),
        ), Subject.PLAIN, ("same_id",),
    ),
    Probe(
        "backend", "connection", "Answers name the machine in `backend`.",
        "docs/llmaas/llmaas.md", (chat(max_tokens=1),),
        (
            rule(CONFIRMED, ok=True, has_backend=True, learns={"adds_backend": True}),
            rule(CONTRADICTED, "`completion.backend` is None.", ok=True,
                 learns={"adds_backend": False}),
        ),
    ),
)  # fmt: skip
