"""Probes of errors: status, shape, type."""

from llmaas_cli.probe.calls import CHAT, chat, get, stream
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOTHING,
    REPORT,
    UNCLEAR,
    Call,
    Learned,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, OPENAI, QUICKSTART, VLLM

WRONG_KEY = "sk-wrong-key-of-llmaas-probe"
UNKNOWN = "llmaas-probe-no-such-model"
_BOTH_HANDLED = "Nothing to do: the client handles both."

PROBES = (
    Probe(
        "unknown-model", "errors", "An unknown model is refused with 404.",
        f"{API}; {QUICKSTART} shows 400", (chat(model=UNKNOWN, max_tokens=1),),
        (
            rule(CONFIRMED, status=404, client_error="ModelNotFoundError",
                 learns={"model_name_error": Learned("status")}),
            rule(CONTRADICTED, _BOTH_HANDLED, status=400, client_error="ModelNotFoundError",
                 learns={"model_name_error": Learned("status")}),
            rule(CONTRADICTED, "Check names of models yourself: any name is answered.", ok=True),
            rule(CONTRADICTED, REPORT, status={400, 404},
                 learns={"model_name_error": Learned("status")}),
            rule(CONTRADICTED, REPORT, status={403, 422}),
        ), Subject.NONE, ("error_type", "error_code", "error_message", "client_error"),
    ),
    Probe(
        "unknown-model-code", "errors", "That error has the code `model_not_found`.",
        API, (chat(model=UNKNOWN, max_tokens=1),),
        (
            rule(CONFIRMED, error_code="model_not_found"),
            rule(CONTRADICTED, _BOTH_HANDLED, status={400, 404}),
        ), Subject.NONE, ("error_code", "error_code_kind"),
    ),
    Probe(
        "wrong-key", "errors", "A wrong key is refused with 401, type `authentication_error`.",
        f"{API}; {QUICKSTART} shows `invalid_request_error`", (get("/v1/models", key=WRONG_KEY),),
        (
            rule(CONFIRMED, status=401, error_type="authentication_error",
                 learns={"key_error_type": Learned("key_error_type")}),
            rule(CONTRADICTED, _BOTH_HANDLED, status=401,
                 learns={"key_error_type": Learned("key_error_type")}),
            rule(CONTRADICTED, "Any key is accepted: restrict the access.", ok=True),
        ), Subject.NONE, ("error_type", "error_shape"),
    ),
    Probe(
        "wrong-key-chat", "errors", "A chat with a wrong key is refused before anything else.",
        API, (chat(model=UNKNOWN, max_tokens=1, call={"key": WRONG_KEY}),),
        (
            rule(CONFIRMED, status=401),
            rule(CONTRADICTED, status={400, 404}),
        ), Subject.NONE,
    ),
    Probe(
        "error-object", "errors", "Errors are an object `error` with `message` and `type`.",
        API, (chat(temperature=9, max_tokens=1),),
        (
            rule(CONFIRMED, refused=True, error_shape="object",
                 error_message=lambda value: bool(value), error_type=lambda value: bool(value),
                 learns={"error_format": Learned("error_format")}),
            rule(CONTRADICTED, "Nothing to do: the client reads all known forms.", refused=True,
                 error_message=lambda value: bool(value),
                 learns={"error_format": Learned("error_format")}),
            rule(CONTRADICTED, REPORT, refused=True),
        ), Subject.PLAIN, ("error_shape", "error_type"),
    ),
    Probe(
        "error-code-type", "errors", "The code of an error is a text or absent.",
        f"{API}; {VLLM} has the status as a number", (chat(temperature=9, max_tokens=1),),
        (
            rule(CONTRADICTED, _BOTH_HANDLED, refused=True, error_code_kind="number"),
            rule(CONFIRMED, refused=True, error_code_kind={"text", "null", "absent"}),
        ), Subject.PLAIN, ("error_code_kind",),
    ),
    Probe(
        "bad-parameter", "errors", "A temperature above 2 is refused with 400 that names it.",
        API, (chat(temperature=9, max_tokens=1),),
        (
            rule(CONFIRMED, status=400, error_param="temperature"),
            rule(CONTRADICTED, NOTHING, refused=True),
            rule(CONTRADICTED, "Keep temperature between 0 and 2 yourself.", ok=True),
        ), Subject.PLAIN, ("error_param", "error_message"),
    ),
    Probe(
        "bad-parameter-stream", "errors",
        "A refused stream has the status of the error, not a 200 with an error event.",
        OPENAI, (stream(temperature=9, max_tokens=1),),
        (
            rule(CONFIRMED, refused=True),
            rule(CONTRADICTED, "Nothing to do: the client raises the error of the event.",
                 status=200, error_in_stream=True),
            rule(UNCLEAR, "The parameter is not refused.", ok=True),
        ),
    ),
    Probe(
        "wrong-type", "errors", "A parameter of a wrong type is refused with 400.",
        f"{VLLM}; some gateways answer 422",
        (Call(CHAT, {"model": "{model}", "messages": "no list", "max_tokens": 1}),),
        (
            rule(CONFIRMED, status=400),
            rule(CONTRADICTED, _BOTH_HANDLED, status=422),
        ), Subject.PLAIN, ("error_shape", "error_message"),
    ),
    Probe(
        "broken-json", "errors", "A body that is not JSON is refused with 400.",
        VLLM, (Call(CHAT, text='{"model": "x", '),),
        (
            rule(CONFIRMED, status=400),
            rule(CONTRADICTED, _BOTH_HANDLED, status={413, 415, 422}),
            rule(CONTRADICTED, REPORT, is_server_error=True),
        ), Subject.NONE, ("error_shape",),
    ),
    Probe(
        "unknown-path", "errors", "An unknown path is a 404 in JSON.",
        VLLM, (get("/v1/llmaas-probe-no-such-path"),),
        (
            rule(CONFIRMED, status=404, is_json=True),
            rule(CONTRADICTED, "Nothing to do: the client reads HTML errors, too.", status=404),
            rule(CONTRADICTED, "Check base_url: an unknown path is answered.", ok=True),
        ), Subject.NONE, ("error_shape", "content_type"),
    ),
    Probe(
        "unknown-parameter", "errors", "Unknown parameters are ignored.",
        "some reach the engine: enable_thinking fails on Mistral models",
        (chat(max_tokens=1, llmaas_probe=True),),
        (
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Send no extra_body= that the service does not document.",
                 refused=True),
        ), Subject.PLAIN, ("error_message",),
    ),
)  # fmt: skip
