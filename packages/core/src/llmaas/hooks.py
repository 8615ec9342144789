"""What sees every call before it is sent and after it ended.

Quotas, budgets and telemetry are hooks: they may wait, refuse, and count. A client without
any pays nothing for it.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

from llmaas._errors_base import InvalidInputError, LLMaaSError
from llmaas.ops.effects import Operation
from llmaas.ops.execution import settle_now
from llmaas.ops.finalizer import FINALIZER
from llmaas.pricing import estimate_tokens
from llmaas.settings import Settings
from llmaas.types import Completion, Usage

T = TypeVar("T")
_logger = logging.getLogger("llmaas")

ACTIVE: ContextVar[tuple[Hook, ...]] = ContextVar("llmaas_watchers", default=())
"""Hooks of a ``with`` block (see ``client.budget``), in the running thread or task."""

ALWAYS: list[Hook] = []
"""Hooks of the whole process (see ``telemetry.instrument``)."""


_UNDER_WAY: set[HookRunner] = set()
"""Watched calls that have not ended."""


class StreamAbandoned(Exception):  # noqa: N818 - no error: what hooks are told of such a stream
    """The reader left a stream before its end, or the process ended before the call did."""


@dataclass(frozen=True)
class CallInfo:
    """What is known of a call before it is sent."""

    operation: str
    """``chat``, ``embeddings``, ``rerank``, ``transcription``, ``speech``, ``image``, ``batch``."""
    model: str
    settings: Settings
    inputs: Any = field(repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stream: bool = False
    deadline: float | None = None
    """The moment of ``time.monotonic`` at which the call ends in any case; waiting too."""
    attempts: int = 1
    """How often the model may be asked: twice where a misfit is corrected."""
    is_part: bool = False
    """Whether this is one request of several that make a call (see ``with_hooks_for_part``)."""

    @cached_property
    def most_input_tokens(self) -> int:
        """The tokens that the input and the tools may have at most: twice their estimate.

        Text that is not ASCII has more tokens to the character: its bytes are counted.
        """
        beside = (self.params.get("tools"), self.params.get("response_format"))
        sizes = (_size(text) for source in (self.inputs, beside) for text in _texts(source))
        return sum(max(1, size // 4) * 2 for size in sizes if size)

    @cached_property
    def input_tokens(self) -> int:
        """The estimated tokens of the input: four characters each, as the service documents."""
        return sum(estimate_tokens(text) for text in _texts(self.inputs))

    @cached_property
    def tool_tokens(self) -> int:
        """The estimated tokens of what is asked beside the messages: tools and a schema."""
        beside = (self.params.get("tools"), self.params.get("response_format"))
        return sum(estimate_tokens(text) for text in _texts(beside))

    @property
    def max_tokens(self) -> int:
        """The output tokens that the call may use at most, over all its choices and attempts."""
        most = max(self._number("max_tokens"), self._number("max_completion_tokens")) or 1024
        choices = max(self._number("n"), self._number("best_of"), 1)
        return most * choices * self.attempts

    def _number(self, name: str) -> int:
        """Return a parameter that counts; 0 when it is not given. Negative ones are refused."""
        extra = self.params.get("extra_body")
        value = self.params.get(name)
        if isinstance(extra, Mapping) and extra.get(name) is not None:
            value = extra[name]
        try:
            number = int(value or 0)
        except (TypeError, ValueError, OverflowError):
            number = -1
        if number < 0:
            raise InvalidInputError(f"{name} must be a whole number >= 1, got {value!r}.")
        return number


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a call ended. ``result`` is what it returned, ``partial`` included; times in seconds."""

    result: Any
    error: BaseException | None
    duration: float
    first_token: float | None = None
    sent: bool = True
    """False when the call was refused, or cancelled, before anything was sent."""

    @property
    def usage(self) -> Usage | None:
        """The tokens that the service said were used."""
        usage: Usage | None = getattr(self.result, "usage", None)
        return usage

    @property
    def resends(self) -> int:
        """The requests that were sent again after a failure, where the call tells."""
        count = getattr(self.result, "resends", 0) or getattr(self.error, "resends", 0)
        return int(count)

    @property
    def output_tokens(self) -> int:
        """The output tokens used: as the service says, else estimated from what came."""
        if self.usage is not None:
            return self.usage.completion_tokens
        if isinstance(self.result, Completion):
            texts = [(c.content or "") + (c.reasoning or "") for c in self.result.choices]
            return sum(map(estimate_tokens, texts))
        return 0

    @property
    def cost_micro_eur(self) -> int | None:
        """The cost in millionths of a euro, where it can be told."""
        cost: int | None = getattr(self.result, "cost_micro_eur", None)
        return cost


class Hook(Protocol):
    """Sees calls. Both methods are operations: they may yield effects, to wait for instance."""

    def before_call(self, about: CallInfo) -> Operation[Any]:
        """Let the call through and return a ticket, or raise to refuse it."""

    def after_call(self, ticket: Any, outcome: CallResult) -> Operation[None]:
        """Count what the call really used.

        An ``LLMaaSError`` raised here withholds the answer; what else fails is logged.
        """


class HookRunner:
    """The hooks of one call."""

    def __init__(self, hooks: Sequence[Hook], about: CallInfo) -> None:
        self._watchers = hooks
        self._about = about
        self._tickets: list[tuple[Hook, Any]] = []
        self._process = os.getpid()
        self._began = time.monotonic()
        self.first_token: float | None = None

    def begin(self) -> Operation[None]:
        """Ask every hook; when one refuses, those before it are told that nothing was sent."""
        FINALIZER.start()
        try:
            for hook in self._watchers:
                self._tickets.append((hook, (yield from hook.before_call(self._about))))
        except BaseException as error:
            yield from self.end(None, error, sent=False)
            raise
        self._began = time.monotonic()
        _UNDER_WAY.add(self)

    def note_first_token(self) -> None:
        """Remember when the first event came."""
        self.first_token = time.monotonic() - self._began

    def end(
        self, result: Any, error: BaseException | None, *, sent: bool = True
    ) -> Operation[None]:
        """Tell every hook how the call ended, once, whoever says so first."""
        if self._process != os.getpid():  # a copy by a fork: the call is the parent's to end
            return
        _UNDER_WAY.discard(self)
        came = _came_with(error) if result is None else result
        outcome = CallResult(came, error, time.monotonic() - self._began, self.first_token, sent)
        refusal: BaseException | None = None  # of the answer, by a guard for instance
        while self._tickets:
            try:
                hook, ticket = self._tickets.pop()
            except IndexError:  # another thread was quicker
                break
            try:
                yield from hook.after_call(ticket, outcome)
            except BaseException as raised:  # one that refuses keeps no other from counting
                if not isinstance(raised, Exception):  # nor does one that is cancelled
                    refusal = raised
                elif _is_ours(raised):
                    refusal = refusal or raised
                else:  # a full disk must not cost the answer, which is paid for
                    _logger.error("%s could not end a call", type(hook).__name__, exc_info=True)
        if refusal is not None:
            raise refusal


@atexit.register
def _end_all() -> None:
    """End the calls of daemon threads with the process: they are recorded and settled, too."""
    while _UNDER_WAY:
        with suppress(Exception):
            settle_now(_UNDER_WAY.pop().end(None, StreamAbandoned()))


def _came_with(error: BaseException | None) -> Any:
    """Return what had come before an error: an answer's beginning, or other batches."""
    return getattr(error, "completion", None) or getattr(error, "partial", None)


def _is_ours(error: Exception) -> bool:
    return isinstance(error, LLMaaSError)


def hooks_of(settings: Settings) -> tuple[Hook, ...]:
    """Return who watches a call that is made here and now."""
    return (*ALWAYS, *ACTIVE.get(), *settings.hooks)


def with_hooks(about: CallInfo, operation: Operation[T]) -> Operation[T]:
    """Return an operation that hooks see; the operation itself where nobody watches."""
    hooks = hooks_of(about.settings)
    return _watched(HookRunner(hooks, about), operation) if hooks else operation


def with_hooks_for_part(about: CallInfo, operation: Operation[T]) -> Operation[T]:
    """Let those see one request of a call who count each by itself: budgets."""
    hooks = [w for w in hooks_of(about.settings) if getattr(w, "counts_parts", False)]
    return _watched(HookRunner(hooks, about), operation) if hooks else operation


def with_hooks_for_stream(about: CallInfo, operation: Operation[T]) -> Operation[T]:
    """Watch a stream: it ends when the stream does, not when it has been opened."""
    hooks = hooks_of(about.settings)
    return _watched_stream(HookRunner(hooks, about), operation) if hooks else operation


def _watched(watch: HookRunner, operation: Operation[T]) -> Operation[T]:
    yield from watch.begin()
    try:
        result = yield from operation
    except BaseException as error:
        yield from watch.end(None, error)
        raise
    yield from watch.end(result, None)
    return result


def _watched_stream(watch: HookRunner, operation: Operation[T]) -> Operation[T]:
    yield from watch.begin()
    try:
        opened = yield from operation
    except BaseException as error:
        yield from watch.end(None, error)
        raise
    watch.note_first_token()
    opened.watched = watch  # type: ignore[attr-defined]
    return opened


_MEDIA = frozenset({"image_url", "input_image", "input_audio", "audio_url", "video_url", "file"})
"""Parts of a message that are not text: their price is not known before."""


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts of an input; images and audio files are left out, texts never are."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        kind = value.get("type")
        if isinstance(kind, str) and kind in _MEDIA and kind in value:
            return
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for part in value:
            yield from _texts(part)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
