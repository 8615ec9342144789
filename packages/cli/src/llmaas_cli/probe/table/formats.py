"""Probes of response formats.

The schema has one allowed value that the prompt does not name: only a grammar, or an instruction
that the service adds itself, makes a model write it.
"""

from typing import Any

from llmaas_cli.probe.calls import chat
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    UNCLEAR,
    Call,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.conversations import WEATHER
from llmaas_cli.probe.table.sources import BATCH, HIVEMIND, VLLM

OFF = "{reasoning_off}"
SENTENCE = "Write one sentence about the sea. (Not JSON, no braces.)"
CODE = {
    "type": "object",
    "properties": {"code": {"type": "string", "enum": ["QZX-17"]}},
    "required": ["code"],
    "additionalProperties": False,
}
REFERENCED = {
    "type": "object",
    "properties": {"code": {"$ref": "#/$defs/Code"}},
    "required": ["code"],
    "additionalProperties": False,
    "$defs": {"Code": {"type": "string", "enum": ["QZX-17"]}},
}
BAD = {"type": "nonsense"}


def _schema(schema: object = CODE, name: str | None = "answer") -> dict[str, object]:
    inner = {"schema": schema, "strict": True}
    if name is not None:
        inner["name"] = name
    return {"type": "json_schema", "json_schema": inner}


def _ask(response_format: object, **params: Any) -> tuple[Call, ...]:
    return (
        chat(SENTENCE, max_tokens=120, response_format=response_format, also=OFF, **params),
    )  # fmt: skip


PROBES = (
    Probe(
        "json-object", "formats", "`response_format: json_object` is honored.",
        f"sources disagree: {BATCH} passes it through", _ask({"type": "json_object"}),
        (
            rule(CONFIRMED, ok=True, json_kind="object",
                 learns={"response_formats.json_object": "honored"}),
            rule(NOT_SUPPORTED, "Nothing to do: the client asks in the prompt instead.",
                 refused=True, learns={"response_formats.json_object": "refused"}),
            rule(UNCLEAR, "There is no text.", ok=True, json_kind="none"),
            rule(CONTRADICTED, "Nothing to do: the client checks and corrects answers.",
                 ok=True, learns={"response_formats.json_object": "ignored"}),
        ), Subject.CHAT, ("json_kind", "finish_reason", "error_message"),
    ),
    Probe(
        "json-schema", "formats", "`response_format: json_schema` is enforced.",
        f"{HIVEMIND} sends it; never proved", _ask(_schema()),
        (
            rule(CONFIRMED, ok=True, matches_enum=True,
                 learns={"response_formats.json_schema": "honored"}),
            rule(NOT_SUPPORTED, "Nothing to do: the client asks in the prompt instead.",
                 refused=True, learns={"response_formats.json_schema": "refused"}),
            rule(UNCLEAR, "There is no text.", ok=True, json_kind="none"),
            rule(CONTRADICTED, "Nothing to do: the client checks and corrects answers.",
                 ok=True, learns={"response_formats.json_schema": "ignored"}),
        ), Subject.CHAT, ("json_kind", "matches_enum", "finish_reason", "error_message"),
    ),
    Probe(
        "json-schema-place", "formats", "The JSON is in the content, not in the reasoning.",
        "vLLM issues 50948 and 18255", _ask(_schema()),
        (
            rule(CONFIRMED, ok=True, json_kind={"object", "fenced"}),
            rule(CONTRADICTED, "Nothing to do: the client looks there, too.",
                 ok=True, matches_enum=True),
            rule(UNCLEAR, "There is no JSON.", ok=True),
            rule(NOT_SUPPORTED, refused=True),
        ), Subject.REASONING, ("content_kind", "reasoning_field"),
    ),
    Probe(
        "json-schema-refs", "formats", "A schema may have `$ref` and `$defs`.",
        f"{HIVEMIND}: some llama.cpp versions refuse nested references", _ask(_schema(REFERENCED)),
        (
            rule(CONFIRMED, ok=True, matches_enum=True),
            rule(CONTRADICTED, "Nothing to do: the client can inline them.", refused=True),
            rule(UNCLEAR, "Schemas are not enforced here.", ok=True),
        ), shows=("json_kind", "error_message"),
    ),
    Probe(
        "json-schema-name", "formats", "A schema without a name is refused.",
        VLLM, (chat(max_tokens=1, response_format=_schema(name=None)),),
        (
            rule(CONFIRMED, "Nothing to do: the client names every schema.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "json-schema-name-characters", "formats",
        "A schema's name is limited to letters, digits, `_` and `-`.",
        f"the OpenAI API reference; {VLLM} takes any",
        (chat(max_tokens=1, response_format=_schema(name="Page[int]")),),
        (
            rule(CONFIRMED, "Nothing to do: the client replaces other characters.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "json-bad-schema", "formats", "An invalid schema is refused with 400.",
        VLLM, (chat(max_tokens=1, response_format=_schema(BAD)),),
        (
            rule(CONFIRMED, status=400),
            rule(CONTRADICTED, "Check schemas yourself: invalid ones are ignored.", ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "json-and-tools", "formats", "Tools still work beside a response format.",
        "some engines constrain the answer to the schema, so that no tool can be called",
        (chat("What is the weather in Paris?", max_tokens=200, tools=[WEATHER],
              response_format=_schema(), also=OFF),),
        (
            rule(CONFIRMED, ok=True, call_count=lambda n: n > 0),
            rule(CONTRADICTED, "Nothing to do: the client sends the schema after the calls.",
                 ok=True),
            rule(NOT_SUPPORTED, "Nothing to do: the client sends the schema after the calls.",
                 refused=True),
        ), shows=("call_count", "json_kind"),
    ),
)  # fmt: skip
