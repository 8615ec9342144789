"""Probes of streamed chat answers."""

from llmaas_cli.probe.calls import chat, stream
from llmaas_cli.probe.model import CONFIRMED, CONTRADICTED, REPORT, UNCLEAR, Probe, rule
from llmaas_cli.probe.table.sources import API, HOW_TO, VLLM

PLAIN = chat(max_tokens=8, stream=True)
WITH_USAGE = stream(max_tokens=8)
TEXT = stream("Write: one two three four five", max_tokens=4, also="{reasoning_off}")

PROBES = (
    Probe(
        "stream", "streams", "A stream has the type `text/event-stream` and lines `data: ...`.",
        API, (PLAIN,),
        (
            rule(CONFIRMED, ok=True, framing="data only"),
            rule(CONTRADICTED, "Nothing to do: the client reads any such stream.",
                 ok=True, framing={"other fields", "CR LF"}),
            rule(CONTRADICTED, "Streams are sent whole: the first word comes with the last.",
                 ok=True, framing="not a stream"),
        ), shows=("framing", "content_type"),
    ),
    Probe(
        "stream-json", "streams", "Each event holds one JSON object.",
        f"{HOW_TO}: JSON was cut across events in 2025", (PLAIN,),
        (
            rule(CONFIRMED, ok=True, is_complete_json=True),
            rule(CONTRADICTED, "Nothing to do: the client joins them.", ok=True, is_stream=True),
        ), shows=("event_count",),
    ),
    Probe(
        "stream-done", "streams", "A stream ends with `[DONE]`.", API, (PLAIN,),
        (
            rule(CONFIRMED, ok=True, has_done=True),
            rule(CONTRADICTED, "Nothing to do: a finish reason ends the stream, too.",
                 ok=True, is_stream=True),
        ),
    ),
    Probe(
        "stream-first", "streams", "The first event holds the role and no text.", VLLM, (PLAIN,),
        (
            rule(CONFIRMED, ok=True, first_event="role"),
            rule(CONTRADICTED, "Do not read `choices[0]` of every event.",
                 ok=True, first_event={"no choice", "no choices key"}),
            rule(CONTRADICTED, ok=True, is_stream=True),
        ), shows=("first_event",),
    ),
    Probe(
        "stream-finish", "streams", "The finish reason comes in an event of its own.",
        f"{API}; {VLLM} sends it with the last text", (TEXT,),
        (
            rule(CONFIRMED, ok=True, finish_event="nothing"),
            rule(CONTRADICTED, "Nothing to do: the client reads both.",
                 ok=True, finish_event={"text", "reasoning", "call"}),
            rule(CONTRADICTED, REPORT, ok=True, is_stream=True),
        ), shows=("finish_event",),
    ),
    Probe(
        "stream-usage", "streams", "A stream with `include_usage` reports the usage.",
        "nobody was seen to send it", (WITH_USAGE,),
        (
            rule(CONFIRMED, ok=True, stream_usage={"last", "finish", "every"},
                 learns={"usage_with_options": True}),
            rule(CONTRADICTED, "Costs of streams are estimated from their text.",
                 ok=True, is_stream=True, learns={"usage_with_options": False}),
            rule(CONTRADICTED, "Call stream(stream_options=None).", refused=True),
        ), shows=("stream_usage", "error_message"),
    ),
    Probe(
        "stream-usage-place", "streams", "That usage comes last, in an event without choices.",
        f"{VLLM}; {HOW_TO}", (WITH_USAGE,),
        (
            rule(CONFIRMED, ok=True, stream_usage="last"),
            rule(CONTRADICTED, "Nothing to do: the client reads all places.",
                 ok=True, stream_usage={"finish", "every"}),
            rule(UNCLEAR, "The stream reports no usage.", ok=True),
        ), shows=("stream_usage",),
    ),
    Probe(
        "stream-usage-unasked", "streams", "A stream reports usage without being asked to.",
        f"{HOW_TO}; {VLLM} does not", (PLAIN,),
        (
            rule(CONFIRMED, ok=True, stream_usage={"last", "finish", "every"},
                 learns={"usage_without_options": True}),
            rule(CONTRADICTED, "Nothing to do: the client asks for it.", ok=True, is_stream=True,
                 learns={"usage_without_options": False}),
        ), shows=("stream_usage",),
    ),
    Probe(
        "stream-options-alone", "streams", "`stream_options` without `stream` is refused.",
        VLLM, (chat(max_tokens=1, stream_options={"include_usage": True}),),
        (
            rule(CONFIRMED, "Nothing to do: the client sends it with streams only.",
                 refused=True),
            rule(CONTRADICTED, ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "stream-backend", "streams", "A stream names the machine in `backend`.",
        f"{HOW_TO}", (WITH_USAGE,),
        (
            rule(CONFIRMED, ok=True, is_stream=True, has_backend=True),
            rule(CONTRADICTED, "`completion.backend` of streams is None.", ok=True),
        ),
    ),
)  # fmt: skip
