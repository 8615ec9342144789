"""Probes of sampling parameters."""

from llmaas_cli.probe.calls import chat
from llmaas_cli.probe.model import CONFIRMED, CONTRADICTED, NOT_SUPPORTED, UNCLEAR, Probe, rule
from llmaas_cli.probe.table.sources import API, OPENAI, SWAGGER, VLLM

COUNT = "Write: one two three four five"
OFF = "{reasoning_off}"
_IGNORED = "It has no effect here: do not rely on it."

PROBES = (
    Probe(
        "max-tokens", "parameters", "`max_tokens` limits the answer; finish reason `length`.",
        API, (chat(COUNT, max_tokens=2),),
        (
            rule(CONFIRMED, ok=True, finish_reason="length", completion_tokens={1, 2}),
            rule(CONTRADICTED, "Limit answers yourself.", ok=True,
                 completion_tokens=lambda n: (n or 0) > 2),
            rule(UNCLEAR, ok=True),
        ), shows=("finish_reason", "completion_tokens"),
    ),
    Probe(
        "max-completion-tokens", "parameters", "`max_completion_tokens` limits the answer, too.",
        f"{OPENAI}; {VLLM}", (chat(COUNT, max_tokens=None, max_completion_tokens=2),),
        (
            rule(CONFIRMED, ok=True, finish_reason="length", completion_tokens={1, 2},
                 learns={"parameters.max_completion_tokens": "honored"}),
            rule(CONTRADICTED, "Use max_tokens.", ok=True,
                 completion_tokens=lambda n: (n or 0) > 2,
                 learns={"parameters.max_completion_tokens": "ignored"}),
            rule(NOT_SUPPORTED, "Use max_tokens.", refused=True,
                 learns={"parameters.max_completion_tokens": "refused"}),
            rule(UNCLEAR, "The answer was shorter, or its tokens are not counted.", ok=True),
        ), shows=("finish_reason", "completion_tokens"),
    ),
    Probe(
        "stop", "parameters", "`stop` ends the answer before the word.",
        "sent by one tutorial only", (chat(COUNT, max_tokens=40, stop=["three"], also=OFF),),
        (
            rule(CONFIRMED, ok=True, finish_reason="stop", has_stop_word=False,
                 learns={"parameters.stop": "honored"}),
            rule(CONTRADICTED, _IGNORED, ok=True, has_stop_word=True,
                 learns={"parameters.stop": "ignored"}),
            rule(NOT_SUPPORTED, _IGNORED, refused=True,
                 learns={"parameters.stop": "refused"}),
            rule(UNCLEAR, ok=True),
        ), shows=("finish_reason", "text_tokens"),
    ),
    Probe(
        "stop-many", "parameters", "More than four stop words are refused.",
        VLLM, (chat(max_tokens=1, stop=list("vwxyz")),),
        (
            rule(CONFIRMED, refused=True),
            rule(CONTRADICTED, ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "seed", "parameters", "Equal requests with a `seed` have equal answers.",
        "never seen in a source",
        (chat("Name any animal.", max_tokens=12, temperature=1, seed=7, also=OFF),) * 2,
        (
            rule(NOT_SUPPORTED, _IGNORED, refused=True,
                 learns={"parameters.seed": "refused"}),
            rule(CONFIRMED, ok=True, same_text=True, has_text=True,
                 learns={"parameters.seed": "honored"}),
            rule(CONTRADICTED, _IGNORED, ok=True, same_text=False,
                 learns={"parameters.seed": "ignored"}),
            rule(UNCLEAR, ok=True),
        ), shows=("same_text",),
    ),
    Probe(
        "n", "parameters", "`n: 2` returns two choices.", SWAGGER, (chat(max_tokens=1, n=2),),
        (
            rule(CONFIRMED, ok=True, choices=2,
                 learns={"parameters.n": "honored"}),
            rule(CONTRADICTED, "Send several requests.", ok=True,
                 learns={"parameters.n": "ignored"}),
            rule(NOT_SUPPORTED, "Send several requests.", refused=True,
                 learns={"parameters.n": "refused"}),
        ), shows=("choices",),
    ),
    Probe(
        "logprobs", "parameters", "`logprobs` returns the probabilities of tokens.",
        "`allow_logprobs` of the model list",
        (chat(max_tokens=2, logprobs=True, top_logprobs=2, also=OFF),),
        (
            rule(CONFIRMED, ok=True, has_logprobs=True,
                 learns={"parameters.logprobs": "honored"}),
            rule(CONTRADICTED, _IGNORED, ok=True,
                 learns={"parameters.logprobs": "ignored"}),
            rule(NOT_SUPPORTED, _IGNORED, refused=True,
                 learns={"parameters.logprobs": "refused"}),
        ),
    ),
    Probe(
        "logit-bias", "parameters", "`logit_bias` is accepted.", SWAGGER,
        (chat(max_tokens=1, logit_bias={"100": -100}),),
        (
            rule(CONFIRMED, ok=True),
            rule(NOT_SUPPORTED, _IGNORED, refused=True),
        ), shows=("error_message",),
    ),
    Probe(
        "top-p-zero", "parameters", "`top_p: 0` is refused.", VLLM, (chat(max_tokens=1, top_p=0),),
        (
            rule(CONFIRMED, "Keep top_p above 0.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "penalties", "parameters", "Presence and frequency penalties are accepted.", API,
        (chat(max_tokens=1, presence_penalty=1, frequency_penalty=-1),),
        (
            rule(CONFIRMED, ok=True),
            rule(NOT_SUPPORTED, "Send none.", refused=True),
        ), shows=("error_message",),
    ),
    Probe(
        "user", "parameters", "`user` is accepted.", API, (chat(max_tokens=1, user="probe"),),
        (
            rule(CONFIRMED, ok=True),
            rule(NOT_SUPPORTED, "Send none.", refused=True),
        ), shows=("error_message",),
    ),
)  # fmt: skip
