"""Requests for a chat: checked, adjusted to the model and encoded; nothing is sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llmaas._redaction import HiddenHeaders
from llmaas.catalog.facts import get_facts
from llmaas.hooks import CallInfo
from llmaas.messages import Message, Messages, add_nonce, normalize_messages
from llmaas.ops import model_profile, output_budget
from llmaas.ops.checks import check_chat
from llmaas.ops.conversation_rules import conform_messages
from llmaas.ops.encoding import encode, encode_plain
from llmaas.ops.measured_request import fit_to_profile
from llmaas.ops.reasoning import report_ignored, to_fields
from llmaas.ops.retrying import JSON, Deadline, EndpointRequest, RetryState
from llmaas.settings import Settings, Timeout
from llmaas.structured import OutputSchema, mention_json, parse_response_format
from llmaas.types import Adjustment, Completion
from llmaas.wire.chat import ToolChoice, chat_body, turns_reasoning_off
from llmaas.wire.conversation.inspection import NOT_INSPECTED, Inspection, accepts_plain
from llmaas.wire.tool_schemas import with_valid_tools

PATH = "/v1/chat/completions"


@dataclass(slots=True)
class ChatRequest:
    """A chat request: body, headers and state of its retries."""

    settings: Settings
    body: dict[str, Any]
    headers: Mapping[str, str] = field(repr=False)
    retries: RetryState
    schema: OutputSchema | None = None
    """Schema of the answer, if one is required."""
    owns_budget: bool = False
    """Whether ``max_tokens`` is our default, which may be lowered."""
    adjustments: tuple[Adjustment, ...] = ()
    """Changes made to the request."""
    is_attempt: bool = False
    """Whether another request may follow (see ``ops.fallbacks``): a stream then yields nothing
    before text or a tool call has begun."""

    conforms: bool = True
    """Whether the request may be changed so that engines accept it."""
    plain: Sequence[Message] | None = field(default=None, repr=False)
    """The messages where they are a plain conversation (see ``inspect_messages``)."""

    @property
    def model(self) -> str:
        """The requested model."""
        return str(self.body["model"])

    def with_notes(self, completion: Completion) -> Completion:
        """Add the request's adjustments, and ignored options, to its answer."""
        if self.adjustments:
            notes = (*completion.adjustments, *self.adjustments)
            completion = replace(completion, adjustments=notes)
        return report_ignored(completion) if turns_reasoning_off(self.body) else completion

    def call_info(self, attempts: int = 1) -> CallInfo:
        """Describe the request for hooks."""
        stream, deadline = bool(self.body.get("stream")), self.retries.deadline
        inputs, body = self.body["messages"], self.body
        return CallInfo("chat", self.model, self.settings, inputs, body, stream, deadline, attempts)

    def encode(self, *, stream: bool) -> EndpointRequest:
        """Encode the request."""
        is_plain = self.plain is not None and self.body["messages"] is self.plain
        data = encode_plain(self.body) if is_plain else encode(self.body)
        return EndpointRequest(PATH, data, headers=self.headers, stream=stream, model=self.model)


def build_request(
    settings: Settings,
    messages: Messages,
    *,
    model: str,
    stream: bool,
    tools: Sequence[Mapping[str, object]] | None = None,
    tool_choice: ToolChoice = None,
    response_format: Any = None,
    max_tokens: int | model_profile.ModelDefault | None = model_profile.DEFAULT,
    reasoning: object = None,
    is_attempt: bool = False,
    strict: bool | None = None,
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | HiddenHeaders | None = None,
    conform: bool | None = None,
    fresh: bool = False,
    inspection: Inspection = NOT_INSPECTED,
    **params: Any,
) -> ChatRequest:
    """Check the arguments of a chat and build its request.

    ``inspection`` is the result of inspecting the messages (see ``inspect_messages``).
    """
    model_profile.check_model(settings, model)
    extra_headers = settings.hide(extra_headers)
    schema = None if response_format is None else parse_response_format(response_format)
    conforms = settings.conform if conform is None else conform
    asks_for_json = (
        conforms and schema is not None and schema.response_format.get("type") == "json_object"
    )
    given, inspection = _prepare_messages(
        settings, messages, inspection, fresh=fresh, asks_for_json=asks_for_json
    )
    sent, adjustments = _adjust(
        settings, model, given, inspection, params, conforms=conforms, strict=strict
    )
    is_default = isinstance(max_tokens, model_profile.ModelDefault)
    check_chat(tools, tool_choice, {"max_tokens": None if is_default else max_tokens, **params})
    if reasoning is not None:
        params, notes = to_fields(model, reasoning, params, settings.profile)
        adjustments = (*adjustments, *notes)
    is_unchanged = sent is given
    size = inspection.size if is_unchanged else 0
    limit, owns_budget = _limit_answer(
        settings, model, max_tokens, params, sent, tools, schema, size=size
    )
    body = chat_body(
        sent,
        model=model,
        stream=stream,
        tools=tools,
        tool_choice=tool_choice,
        response_format=response_format if schema is None else schema.response_format,
        params={"max_tokens": limit, **params},
    )
    if conforms:
        body, notes = _fit(settings, body, params, strict=strict)
        adjustments = (*adjustments, *notes)
    return ChatRequest(
        settings,
        body,
        {**JSON, **extra_headers},
        RetryState(settings, timeout, deadline),
        schema,
        owns_budget,
        adjustments,
        is_attempt,
        conforms,
        plain=sent if inspection.is_plain and is_unchanged else None,
    )


def _limit_answer(
    settings: Settings,
    model: str,
    max_tokens: int | model_profile.ModelDefault | None,
    params: Mapping[str, object],
    sent: Sequence[Message],
    tools: Sequence[object] | None,
    schema: OutputSchema | None,
    *,
    size: int,
) -> tuple[int | None, bool]:
    """Return the token limit of the answer, and whether it is the client's choice."""
    if not isinstance(max_tokens, model_profile.ModelDefault):
        return max_tokens, False
    if output_budget.is_given(params):
        return None, False
    sent_format = schema and schema.response_format
    limit = output_budget.default_max_tokens(settings, model, sent, tools, sent_format, size=size)
    return limit, True


def _fit(
    settings: Settings, body: dict[str, object], params: Mapping[str, Any], *, strict: bool | None
) -> tuple[dict[str, Any], tuple[Adjustment, ...]]:
    """Return the body as the model accepts it, and notes of what the profile changed."""
    notes: tuple[Adjustment, ...] = ()
    if settings.profile is not None:
        body, notes = fit_to_profile(
            body,
            settings.profile,
            kept=params.get("extra_body") or (),
            strict=bool(settings.strict if strict is None else strict),
        )
    return (with_valid_tools(body) if "tools" in body else body), notes


def _adjust(
    settings: Settings,
    model: str,
    given: Sequence[Message],
    inspection: Inspection,
    params: Mapping[str, object],
    *,
    conforms: bool,
    strict: bool | None,
) -> tuple[Sequence[Message], tuple[Adjustment, ...]]:
    """Adjust messages to the model's chat template; a plain conversation stays as it is."""
    if inspection.is_plain and accepts_plain(
        get_facts(model, settings.profile).family, given[0], has_names=inspection.has_names
    ):
        return given, ()
    is_strict = settings.strict if strict is None else strict
    sent, adjustments = conform_messages(
        given,
        model=model,
        profile=settings.profile,
        is_enabled=conforms,
        params=params,
        strict=bool(is_strict),
    )
    if not inspection.size:
        model_profile.check_images(settings, model, sent, strict)
    return sent, adjustments


def _prepare_messages(
    settings: Settings,
    messages: Messages,
    inspection: Inspection,
    *,
    fresh: bool,
    asks_for_json: bool,
) -> tuple[Sequence[Message], Inspection]:
    """Normalize the caller's messages; return them with the inspection that still holds."""
    given: Sequence[Message] = (
        [*messages]
        if inspection.size and not isinstance(messages, str)
        else normalize_messages(messages, settings.max_file_bytes)
    )
    if fresh:
        given, inspection = add_nonce(given, uuid.uuid4().hex[:16]), NOT_INSPECTED
    if asks_for_json:
        given, inspection = mention_json(given), NOT_INSPECTED
    return given, inspection
