"""Descriptions of one call for hooks: before it is sent, and after it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from llmaas._errors_base import InvalidInputError
from llmaas._tokens import estimate_tokens

if TYPE_CHECKING:
    from llmaas.settings import Settings
    from llmaas.types import Usage


class StreamAbandoned(Exception):  # noqa: N818 - not an error, but how such a stream ended
    """The reader left a stream before its end, or the process ended before the call did."""


@dataclass(frozen=True)
class CallInfo:
    """A call before it is sent."""

    operation: str
    """``chat``, ``embeddings``, ``rerank``, ``transcription``, ``speech``, ``image``, ``batch``."""
    model: str
    settings: Settings
    inputs: Any = field(repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stream: bool = False
    deadline: float | None = None
    """When the call ends, waiting included, on the clock of ``time.monotonic``."""
    attempts: int = 1
    """Requests that the call may send at most: two where invalid output is corrected."""
    is_part: bool = False
    """Whether this is one of several requests of a call (see ``Hook.counts_parts``)."""
    audio_seconds: float = 0.0
    """Longest duration of the audio to transcribe; of a file, known of the part only."""

    @cached_property
    def most_input_tokens(self) -> int:
        """Upper bound of the tokens of input and tools: twice their estimate.

        Text that is not ASCII has more tokens per character: its bytes are counted.
        """
        other = (self.params.get("tools"), self.params.get("response_format"))
        sizes = (_size(text) for source in (self.inputs, other) for text in _texts(source))
        return sum(max(1, size // 4) * 2 for size in sizes if size)

    @cached_property
    def input_tokens(self) -> int:
        """Estimated tokens of the input: four characters each, as the service documents."""
        return sum(estimate_tokens(text) for text in _texts(self.inputs))

    @cached_property
    def tool_tokens(self) -> int:
        """Estimated tokens of tools and schema."""
        other = (self.params.get("tools"), self.params.get("response_format"))
        return sum(estimate_tokens(text) for text in _texts(other))

    @property
    def max_tokens(self) -> int:
        """Output tokens that the call may use at most, over all choices and attempts."""
        most = max(self._number("max_tokens"), self._number("max_completion_tokens")) or 1024
        choices = max(self._number("n"), self._number("best_of"), 1)
        return most * choices * self.attempts

    def _number(self, name: str) -> int:
        """Return a numeric parameter, 0 if it is not given; raise for a negative one."""
        extra = self.params.get("extra_body")
        value = self.params.get(name)
        if isinstance(extra, Mapping) and extra.get(name) is not None:
            value = extra[name]
        try:
            number = int(value or 0)
        except (TypeError, ValueError, OverflowError):
            number = -1
        if number < 0:
            raise InvalidInputError(f"{name} must be an integer >= 1, got {value!r}.")
        return number


@dataclass(frozen=True, slots=True)
class CallResult:
    """A call after it ended. ``result`` is its return value or its partial one; times in s."""

    result: Any
    error: BaseException | None
    duration: float
    first_token: float | None = None
    sent: bool = True
    """False if the call was refused or cancelled before anything was sent."""

    @property
    def usage(self) -> Usage | None:
        """Tokens used, as the service reported them."""
        usage: Usage | None = getattr(self.result, "usage", None)
        return usage

    @property
    def resends(self) -> int:
        """Requests that were sent again after a failure, where the call counts them."""
        count = getattr(self.result, "resends", 0) or getattr(self.error, "resends", 0)
        return int(count)

    @property
    def output_tokens(self) -> int:
        """Output tokens used: as the service reported, else estimated from the answer."""
        if self.usage is not None:
            return self.usage.completion_tokens
        choices = getattr(self.result, "choices", ())  # of a completion
        return sum(estimate_tokens((c.content or "") + (c.reasoning or "")) for c in choices)

    @property
    def cost_micro_eur(self) -> int | None:
        """Cost in millionths of a euro, where it is known."""
        cost: int | None = getattr(self.result, "cost_micro_eur", None)
        return cost


_MEDIA = frozenset({"image_url", "input_image", "input_audio", "audio_url", "video_url", "file"})
"""Types of message parts that are not text: their price is not known before the call."""


def _texts(value: object) -> Iterator[str]:
    """Yield all texts of an input, without images and audio files."""
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
