"""Probes of whole chat answers."""

from llmaas_cli.probe.calls import OK, chat
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOTHING,
    REPORT,
    Call,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, SWAGGER, VLLM

COMPLETIONS = "/v1/completions"

PROBES = (
    Probe(
        "answer", "answers", "A chat answer has a choice with a message and a finish reason.",
        API, (chat(max_tokens=32, also="{reasoning_off}"),),
        (
            rule(CONFIRMED, ok=True, has_choice=True, finish_reason={"stop", "length"}),
            rule(CONTRADICTED, REPORT, status=200, is_json=True),
        ), shows=("finish_reason", "content_kind", "id_shape"),
    ),
    Probe(
        "answer-id", "answers", "The id of an answer is `chatcmpl-` and hexadecimal digits.",
        API, (chat(max_tokens=1),),
        (
            rule(CONFIRMED, ok=True, id_shape="chatcmpl-<hex>"),
            rule(CONTRADICTED, ok=True),
        ), shows=("id_shape",),
    ),
    Probe(
        "empty-content", "answers",
        "Reasoning that uses up `max_tokens` leaves an empty or null content.",
        "Cloud-Temple/graph-memory", (chat("How many primes are below 50?", max_tokens=4),),
        (
            rule(CONFIRMED, "Give reasoning models a high max_tokens.",
                 ok=True, content_kind={"null", "empty", "absent"}),
            rule(CONTRADICTED, NOTHING, ok=True, content_kind="text"),
        ), Subject.REASONER,
        ("content_kind", "finish_reason", "reasoning_field"),
    ),
    Probe(
        "content-parts", "answers", "The content of a message may be a list of text parts.",
        API, (chat([{"role": "user", "content": [{"type": "text", "text": OK}]}], max_tokens=1),),
        (
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Send texts as strings.", refused=True),
        ), shows=("error_message",),
    ),
    Probe(
        "developer-role", "answers", "The role `developer` is accepted.",
        VLLM, (chat([{"role": "developer", "content": "Be short."},
                     {"role": "user", "content": OK}], max_tokens=1),),
        (
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Nothing to do: the client sends it as system.", refused=True),
        ), shows=("error_message",),
    ),
    Probe(
        "completions-messages", "answers", "`/v1/completions` takes messages, like a chat.",
        API, (chat(max_tokens=1, call={"path": COMPLETIONS}),),
        (
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Use /v1/chat/completions only.", refused=True),
        ), shows=("error_message",),
    ),
    Probe(
        "completions-prompt", "answers", "`/v1/completions` refuses a prompt.",
        f"{API}; {SWAGGER} and {VLLM} take one",
        (Call(COMPLETIONS, {"model": "{model}", "prompt": "One, two,", "max_tokens": 2},
              operation="chat", billed=2),),
        (
            rule(CONFIRMED, refused=True),
            rule(CONTRADICTED, NOTHING, ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "audio-part", "answers", "An audio part for a model without audio is refused.",
        f"{VLLM} with 400; the service's demos report 502",
        (chat([{"role": "user", "content": [
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]}],
            max_tokens=1),),
        (
            rule(CONFIRMED, refused=True),
            rule(CONFIRMED, "Do not retry such an error.", status={500, 502}),
            rule(CONTRADICTED, "The part may be ignored: check the answers.", ok=True),
        ), shows=("error_message",),
    ),
)  # fmt: skip
