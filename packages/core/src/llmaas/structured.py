"""Answers that fit a schema: what is asked on the wire, and how the text is read.

A model may honour ``response_format``, ignore it, or be refused for it; the service's own
sources contradict each other. So the schema is asked for on the wire; when that is refused
it is asked for in words; fences and talk around the JSON are taken off; and an answer that
still does not fit is sent back once with what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

_FENCE = "```"
_JSON_WORDS = "Answer with one JSON object and nothing else: no fence, no explanation."


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer must look like: the ``response_format`` for the wire and a reader."""

    wire: Mapping[str, Any]
    schema: Mapping[str, Any] | None
    adapter: Any = None
    """A pydantic ``TypeAdapter`` when a model or dataclass was given."""

    def read(self, text: str) -> Any:
        """Return the value that a text holds; raise ``ValueError`` saying what is wrong."""
        value = json_in(text)
        if self.adapter is not None:
            return self.adapter.validate_python(value)
        if self.schema is not None:
            _check_with_jsonschema(value, self.schema)
        elif not isinstance(value, dict):
            raise ValueError("the answer is JSON, but not an object")
        return value

    def in_words(self) -> str:
        """Return the instruction that stands in for ``response_format``."""
        if self.schema is None:
            return _JSON_WORDS
        schema = json.dumps(self.schema, ensure_ascii=False)
        return f"{_JSON_WORDS} It must fit this JSON schema:\n{schema}"


def wants_json(response_format: Any) -> bool:
    """Tell whether an answer is asked for as JSON: plain text may be asked for by name, too."""
    is_text = isinstance(response_format, Mapping) and response_format.get("type") == "text"
    return response_format is not None and not is_text


def shape_of(response_format: Any) -> Shape | None:
    """Read a ``response_format``: a dict as OpenAI takes it, a pydantic model or a dataclass."""
    if response_format is None:
        return None
    if isinstance(response_format, Mapping):
        return _shape_of_mapping(response_format)
    if isinstance(response_format, type) and (
        is_dataclass(response_format) or hasattr(response_format, "model_json_schema")
    ):
        from pydantic import TypeAdapter

        adapter: Any = TypeAdapter(response_format)
        schema = adapter.json_schema()
        return Shape(json_schema_format(response_format.__name__, schema), schema, adapter)
    from llmaas.errors import InvalidInputError

    raise InvalidInputError(
        "response_format must be a dict with a type, a pydantic model or a dataclass, "
        f"not {response_format!r}"
    )


def json_schema_format(name: str, schema: Mapping[str, Any], *, strict: bool = True) -> Any:
    """Return a ``response_format`` of type ``json_schema``."""
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": schema, "strict": strict},
    }


def json_in(text: str) -> Any:
    """Return the JSON in a text, also inside a fence or between sentences."""
    try:
        return _json_in(text.strip())
    except RecursionError as error:
        raise ValueError("the answer's JSON is nested too deeply") from error


def _json_in(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        first = error
    start = min((i for i in (text.find("{"), text.find("[")) if i >= 0), default=-1)
    if start < 0:
        raise ValueError("the answer holds no JSON") from first
    try:
        return json.JSONDecoder().raw_decode(text, start)[0]
    except ValueError as error:
        raise ValueError(f"the answer's JSON is broken: {error}") from error


class Unfenced:
    """Takes the Markdown fence off a streamed JSON answer, for frameworks that parse the text.

    Text that begins with anything but a fence passes as it is.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def feed(self, text: str) -> str:
        """Return what may be handed out now; the rest waits for more text, or is the fence."""
        if self._state == "plain":
            return text
        self._held += text
        if self._state == "start":
            self._begin()
        return self._inside() if self._state == "fenced" else self._pass_plain()

    def end(self) -> str:
        """Return what still waited when the answer ended."""
        held, self._held = self._held, ""
        return held if self._state == "start" else ""

    def _begin(self) -> None:
        """Find out whether there is a fence, and drop its first line."""
        text = self._held.lstrip()
        if text.startswith(_FENCE):
            _, newline, rest = text.partition("\n")
            if newline:
                self._state, self._held = "fenced", rest
        elif text and not _FENCE.startswith(text):
            self._state = "plain"

    def _inside(self) -> str:
        """Hand out JSON; no line of it can begin with a fence."""
        body, fence, _ = self._held.partition("\n" + _FENCE)
        if fence:
            self._state, self._held = "closed", ""
            return body
        ready = body.rstrip("` \n\r\t")
        self._held = body[len(ready) :]
        return ready

    def _pass_plain(self) -> str:
        if self._state != "plain":
            return ""
        held, self._held = self._held, ""
        return held


def _shape_of_mapping(response_format: Mapping[str, Any]) -> Shape | None:
    kind = response_format.get("type")
    if kind == "json_schema":
        inner = response_format.get("json_schema")
        schema = inner.get("schema") if isinstance(inner, Mapping) else None
        return Shape(response_format, schema)
    return Shape(response_format, None) if kind == "json_object" else None


def _check_with_jsonschema(value: Any, schema: Mapping[str, Any]) -> None:
    """Check where ``jsonschema`` is installed (it is with Haystack); pass otherwise."""
    try:
        import jsonschema
    except ImportError:
        return
    try:
        jsonschema.validate(value, schema)
    except jsonschema.ValidationError as error:
        raise ValueError(error.message) from error
