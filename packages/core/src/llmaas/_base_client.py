"""Base class of both clients: builds the operation of each call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from llmaas import _operations as ops
from llmaas._keyword_arguments import reject_unknown_arguments
from llmaas.content_parts import holds_files
from llmaas.hooks import REGISTRY, CallInfo
from llmaas.messages import normalize_messages
from llmaas.ops.checks import check_chat
from llmaas.ops.effects import Operation, Run
from llmaas.settings import Settings
from llmaas.wire.conversation.inspection import NOT_INSPECTED, Inspection, inspect_messages

if TYPE_CHECKING:
    from llmaas.messages import Messages
    from llmaas.ops.fallbacks import Plan, Step
    from llmaas.ops.open_stream import OpenStream
    from llmaas.options import ClientOptions
    from llmaas.quota import Budget
    from llmaas.types import Batch, Completion

T = TypeVar("T")

_UNCHANGED: object = object()
_TEXT_OPERATIONS = frozenset({"embeddings", "rerank"})
"""Operations whose last input is a list of texts, or one text."""


class BaseClient:
    """Settings of a client, and the operations of its calls."""

    def __init__(self, *, transport: Any = None, **options: Unpack[ClientOptions]) -> None:
        reject_unknown_arguments(type(self), options)
        self.settings = Settings.create(**options)
        self._use(transport)

    @classmethod
    def from_settings(cls, settings: Settings, transport: Any = None) -> Self:
        """Return a client with these settings."""
        client = cls.__new__(cls)
        client.settings = settings
        client._use(transport)
        return client

    def _use(self, transport: Any) -> None:
        self._given_transport = transport
        self._openai: Any = None

    def with_options(
        self, *, transport: Any = _UNCHANGED, **changes: Unpack[ClientOptions]
    ) -> Self:
        """Return a client with some constructor arguments changed; pools are shared."""
        transport = self._given_transport if transport is _UNCHANGED else transport
        return self.from_settings(self.settings.with_options(**changes), transport)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.settings.base_url!r})"

    def __copy__(self) -> Self:
        return self.from_settings(self.settings, self._given_transport)

    def __deepcopy__(self, memo: object) -> Self:
        return self.from_settings(self.settings, self._given_transport)

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self).from_settings, (self.settings, self._given_transport))

    def _chat(self, messages: Messages, model: str, options: object) -> Operation[Completion]:
        return self._try_models(
            messages, model, options, self._send_chat, ops.fallbacks.chat_with_fallbacks
        )

    def _stream(self, messages: Messages, model: str, options: object) -> Operation[OpenStream]:
        return self._try_models(
            messages, model, options, self._open, ops.fallbacks.stream_with_fallbacks
        )

    def _try_models(
        self,
        messages: Messages,
        model: str,
        options: Any,
        send: Callable[..., Operation[T]],
        try_steps: Callable[[Plan, Callable[[Step], Operation[T]]], Operation[T]],
    ) -> Operation[T]:
        """Send a chat to its model, or to one model after the other if there are fallbacks."""
        self.settings.hide_in(options)
        inspection = inspect_messages(messages)
        if not inspection.size and holds_files(messages):
            return self._after_reading(
                messages, lambda read: self._try_models(read, model, options, send, try_steps)
            )
        plan = ops.fallbacks.plan_attempts(self.settings, model, options)
        if plan is None:
            return send(messages, model, options, inspection)
        options["is_attempt"] = True
        return try_steps(
            plan,
            lambda step: send(
                step.messages(messages), step.model, step.options(options, self.settings.profile)
            ),
        )

    def _hide_headers(self, options: Any) -> Any:
        """Hide the headers among options from reprs and from variables of frames."""
        self.settings.hide_in(options)
        return options

    def _after_reading(
        self, messages: Messages, continue_with: Callable[[Messages], Operation[T]]
    ) -> Operation[T]:
        """Read the files that messages name, under asyncio in a thread; then go on."""
        limit = self.settings.max_file_bytes
        read = yield Run(lambda: normalize_messages(messages, limit))
        return (yield from continue_with(read))

    def _send_chat(
        self, messages: Messages, model: str, options: Any, inspection: Inspection = NOT_INSPECTED
    ) -> Operation[Completion]:
        repair = options.pop("repair", True)
        request = ops.chat_request.build_request(
            self.settings, messages, model=model, stream=False, inspection=inspection, **options
        )
        if request.schema is None:
            return (
                ops.hooked_calls.with_hooks(request.call_info(), ops.chat.chat(request))
                if self._has_hooks
                else ops.chat.chat(request)
            )
        call = request.call_info(attempts=ops.structured_chat.attempts(request, repair=repair))
        return ops.hooked_calls.with_hooks(
            call, ops.structured_chat.chat_structured(request, repair=repair)
        )

    def _open(
        self, messages: Messages, model: str, options: Any, inspection: Inspection = NOT_INSPECTED
    ) -> Operation[OpenStream]:
        options.pop("repair", None)  # delivered events cannot be repaired
        request = ops.chat_request.build_request(
            self.settings, messages, model=model, stream=True, inspection=inspection, **options
        )
        if request.schema is None:
            opening = ops.chat.open_stream(request)
            return (
                ops.hooked_calls.with_stream_hooks(request.call_info(), opening)
                if self._has_hooks
                else opening
            )
        call = request.call_info(attempts=ops.structured_chat.attempts(request, repair=False))
        return ops.hooked_calls.with_stream_hooks(
            call, ops.structured_chat.open_structured(request)
        )

    @property
    def _has_hooks(self) -> bool:
        return bool(REGISTRY.hooks_for(self.settings))

    def budget(self, eur: float, **options: Any) -> Budget:
        """Create a budget for a ``with`` block: it refuses calls that could exceed it."""
        from llmaas.quota import Budget

        return Budget(eur, **options)

    def _call(
        self, name: str, make: Callable[..., Operation[T]], /, *inputs: Any, **options: Any
    ) -> Operation[T]:
        """Build an operation with hooks, whose deadline starts now."""
        if name in _TEXT_OPERATIONS:
            inputs = (*inputs[:-1], _listed(inputs[-1]))
        shared_deadline = ops.retrying.Deadline.coerce(self.settings, options.pop("deadline", None))
        operation = make(self.settings, *inputs, deadline=shared_deadline, **options)
        model, params = options.get("model") or "", options if name == "batch" else {}
        texts = () if name == "transcription" else inputs[-1]
        if name == "embeddings":
            texts = _distinct(texts)  # equal texts are sent, and billed, once
        call = CallInfo(name, model, self.settings, texts, params, deadline=shared_deadline.at)
        return ops.hooked_calls.with_hooks(call, operation)

    def _submit(self, conversations: Any, model: str, options: Any) -> Operation[Batch]:
        self.settings.hide_in(options)
        check_chat(options.get("tools"), options.get("tool_choice"), options)
        conversations = list(conversations)
        if any(map(holds_files, conversations)):
            return self._submit_files(conversations, model, options)
        if isinstance(model, str) and not ops.output_budget.is_given(options):  # budgets read it
            most = ops.output_budget.default_of_batch(self.settings, model, conversations, options)
            options.setdefault("max_tokens", most)
        return self._call("batch", ops.batch.submit, conversations, model=model, **options)

    def _submit_files(self, conversations: Any, model: str, options: Any) -> Operation[Batch]:
        limit = self.settings.max_file_bytes
        read = yield Run(lambda: [normalize_messages(each, limit) for each in conversations])
        return (yield from self._submit(read, model, options))


def _distinct(texts: Any) -> object:
    """Return each text once; other values are refused later."""
    with suppress(TypeError):
        return list(dict.fromkeys(texts))
    return texts


def _listed(texts: Any) -> list[object]:
    """Convert texts to a list, so that they can be counted before they are sent."""
    return [texts] if isinstance(texts, str) else list(texts)
