"""Probes of context windows. Refused requests are not billed; others are cut off at once.

A request for more tokens than the window holds is refused before anything is generated. Where it
is accepted, stop words and a closed connection end the answer, and the reservation remains.
"""

from llmaas_cli.probe.calls import chat
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    UNCLEAR,
    Call,
    Learned,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, HIVEMIND, VLLM

TOO_MANY = 50_000_000
STOPS = [".", "a", "e", "o"]


def _cut(max_tokens: int | str) -> Call:
    return chat(
        max_tokens=max_tokens, stream=True, stop=STOPS, call={"billed": 256, "max_events": 40}
    )


PROBES = (
    Probe(
        "window", "windows",
        "`max_tokens` above the context window is refused, and the error names the window.",
        f"{HIVEMIND}; {VLLM}", (_cut(TOO_MANY),),
        (
            rule(CONFIRMED, refused=True, client_error="ContextOverflowError",
                 window_named=lambda value: bool(value),
                 learns={"context_window": Learned("window_named")}),
            rule(CONTRADICTED, "Please report it: the window is named in unknown words.",
                 refused=True, window_named=lambda value: bool(value),
                 learns={"context_window": Learned("window_named")}),
            rule(CONTRADICTED, "The window remains unknown: give max_tokens yourself.",
                 refused=True),
            rule(CONTRADICTED, "Nothing to do: the service lowers max_tokens itself.", ok=True),
        ), Subject.CHAT, ("window_named", "client_error", "error_message"),
    ),
    Probe(
        "window-listed", "windows", "The window that the error names is the listed one.",
        f"{HIVEMIND}: the error is right where they differ", (_cut(TOO_MANY),),
        (
            rule(CONFIRMED, window_is_listed=True),
            rule(CONTRADICTED, "Save a profile (--save): it has the measured window.",
                 window_is_listed=False),
            rule(UNCLEAR, "One of the two is unknown.", status={200, 400, 413, 422}),
        ), Subject.CHAT, ("window_named", "window_listed"),
    ),
    Probe(
        "window-sum", "windows",
        "Prompt and `max_tokens` together above the window are refused.",
        f"{HIVEMIND} (by one token); {VLLM} shortens the answer instead", (_cut("{window}"),),
        (
            rule(CONFIRMED, refused=True, client_error="ContextOverflowError",
                 learns={"limits_prompt_plus_output": True}),
            rule(CONTRADICTED, "Please report it: the words of the refusal are unknown.",
                 refused=True, learns={"limits_prompt_plus_output": True}),
            rule(CONTRADICTED, "Nothing to do: the service shortens the answer.", ok=True,
                 learns={"limits_prompt_plus_output": False}),
        ), Subject.CHAT, ("client_error", "error_message"), ("window",),
    ),
    Probe(
        "window-prompt", "windows", "A prompt above the window is refused with 400.",
        VLLM, (chat("{long_text}", max_tokens=1),),
        (
            rule(CONFIRMED, status=400, client_error="ContextOverflowError"),
            rule(CONTRADICTED, "Nothing to do: the client reads it.",
                 status={413, 422, 500}, client_error="ContextOverflowError"),
            rule(CONTRADICTED, "Please report it: the words of the refusal are unknown.",
                 refused=True),
            rule(CONTRADICTED, "Check the length of prompts yourself: long ones are cut.",
                 ok=True),
        ), Subject.CHAT, ("client_error", "error_message"), ("long_text",),
    ),
    Probe(
        "max-tokens-default", "windows", "Without `max_tokens`, an answer ends after 1,024 tokens.",
        API,
        (chat("Count from 1 to 3000, separated by blanks. No other words.", max_tokens=None,
              stream=True, stream_options={"include_usage": True},
              call={"billed": 1100, "max_events": 1200}),),
        (
            rule(CONFIRMED, ok=True, finish_reason="length", completion_tokens=1024,
                 learns={"default_max_tokens": 1024}),
            rule(CONTRADICTED, "Nothing to do: the client always sends max_tokens.",
                 ok=True, finish_reason="length",
                 learns={"default_max_tokens": Learned("completion_tokens")}),
            rule(CONTRADICTED, "Nothing to do: the client always sends max_tokens.",
                 ok=True, event_count=lambda count: count > 1100),
            rule(UNCLEAR, "The answer ended by itself.", ok=True),
        ), Subject.PLAIN, ("finish_reason", "completion_tokens", "event_count"),
    ),
)  # fmt: skip
