"""Probes of the model list."""

from llmaas_cli.probe.calls import chat, get
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    UNCLEAR,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, CLIENT, LIST

LISTED = get("/v1/models")

PROBES = (
    Probe(
        "list-time", "models",
        "The model list answers within 30 seconds, the client's deadline for it.",
        f"{CLIENT}; {LIST} took up to a minute", (LISTED,),
        (
            rule(CONTRADICTED, "Set deadline= of models() to more than {seconds} s.",
                 ok=True, seconds=lambda seconds: seconds > 30),
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Set deadline= of models(), or work without the list.",
                 failure={"timeout", "deadline"}),
        ), Subject.NONE, ("seconds",),
    ),
    Probe(
        "list-entries", "models",
        "Each entry of the model list has its aliases.",
        LIST, (LISTED,),
        (
            rule(CONFIRMED, ok=True, has_aliases=True),
            rule(CONTRADICTED, "Redirects of names cannot be seen: check `model` of answers.",
                 ok=True, entries=lambda count: count > 0),
        ), Subject.NONE, ("entries", "has_aliases"),
    ),
    Probe(
        "list-windows", "models",
        "The list states the context window of some models only (`max_model_len` may be 0).",
        LIST, (LISTED,),
        (
            rule(CONFIRMED, ok=True, windows_known="some"),
            rule(CONTRADICTED, "Nothing to do: the client uses all of them.",
                 ok=True, windows_known="all"),
            rule(CONTRADICTED, "Save a profile (--save): it has the measured windows.",
                 ok=True, entries=lambda count: count > 0),
        ), Subject.NONE, ("windows_known",),
    ),
    Probe(
        "list-created", "models",
        "`created` of an entry is the time of the request, not the age of the model.",
        LIST, (LISTED,),
        (
            rule(CONFIRMED, ok=True, created_is_now=True),
            rule(CONTRADICTED, ok=True, entries=lambda count: count > 0),
        ), Subject.NONE,
    ),
    Probe(
        "list-names", "models",
        "A name may be an id and also an alias of another entry; the exact id wins.",
        LIST, (LISTED,),
        (
            rule(CONFIRMED, "Check `model` of the answers to such names.",
                 ok=True, shared_names=lambda count: count > 0),
            rule(CONTRADICTED, ok=True, entries=lambda count: count > 0),
        ), Subject.NONE, ("shared_names",),
    ),
    Probe(
        "list-no-key", "models", "The model list requires a key.",
        API, (get("/v1/models", key=""),),
        (
            rule(CONFIRMED, status={401, 403}),
            rule(CONTRADICTED, ok=True),
        ), Subject.NONE,
    ),
    Probe(
        "model-retrieve", "models", "`GET /v1/models/ID` is not offered.",
        f"{API} does not list it", (get("/v1/models/{model}"),),
        (
            rule(CONTRADICTED, "Nothing to do: the client filters the list.", ok=True),
            rule(CONFIRMED, is_missing=True),
        ),
    ),
    Probe(
        "alias", "models", "A chat accepts an alias of the list.",
        LIST, (chat(model="{alias}", max_tokens=1),),
        (
            rule(CONFIRMED, ok=True),
            rule(CONTRADICTED, "Use the ids of the list.", status={400, 404}),
        ), Subject.PLAIN, ("model_is",), ("alias",),
    ),
    Probe(
        "answer-model", "models",
        "`model` of an answer may be another name than the requested one.",
        "Lesur-ai/hivemind: most likely the root of the model", (chat(max_tokens=1),),
        (
            rule(CONFIRMED, "Do not compare it with the requested name.",
                 ok=True, model_is="another"),
            rule(CONTRADICTED, ok=True, model_is="requested"),
            rule(UNCLEAR, "Answers do not name the model.", ok=True, model_is="absent"),
        ), Subject.CHAT,
    ),
    Probe(
        "responses-api", "models", "`/v1/responses` is not offered.",
        f"{API} does not list it",
        (chat(call={"path": "/v1/responses"}, max_tokens=None, input="OK", max_output_tokens=16),),
        (
            rule(CONFIRMED, "Set frameworks that default to it to chat completions.",
                 is_missing=True),
            rule(CONTRADICTED, "Nothing to do: the client uses chat completions.",
                 ok=True),
            rule(CONTRADICTED, "Nothing to do: the client uses chat completions.",
                 refused=True),
        ),
    ),
)  # fmt: skip
