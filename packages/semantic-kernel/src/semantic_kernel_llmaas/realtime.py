"""Live transcription service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from pydantic import PrivateAttr
from semantic_kernel.connectors.ai.realtime_client_base import RealtimeClientBase
from semantic_kernel.contents import TextContent
from semantic_kernel.contents.realtime_events import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeEvents,
    RealtimeTextEvent,
)

from llmaas import InvalidInputError
from llmaas.model_names import RealtimeModelName
from llmaas.realtime import REALTIME_MODEL, FinalText, Pause, listen
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
    from semantic_kernel.contents import ChatHistory

COMMIT = "input_audio_buffer.commit"
"""Type of the sent event that ends an utterance, as in OpenAI's Realtime API."""
END = "input_audio_buffer.end"
"""Type of the sent event that ends the audio, and with it ``receive``."""
DELTA = "transcription.delta"
DONE = "transcription.done"
_END = object()


class LLMaaSRealtimeTranscription(LLMaaSService, RealtimeClientBase):
    """Live transcription: audio events in, text events out.

    ``send`` accepts a ``RealtimeAudioEvent`` (PCM of 16 bits, mono, 16 kHz) and a
    ``RealtimeEvent`` of the service type ``input_audio_buffer.commit``, which ends an utterance,
    or ``input_audio_buffer.end``, which ends the audio. ``receive`` yields a
    ``RealtimeTextEvent`` for each new part of the text and, after each utterance, a
    ``RealtimeEvent`` of the type ``transcription.done`` whose ``service_event`` is the core's
    ``FinalText``. The service does not answer: there is no audio output and no function calling.
    """

    MODEL_FIELD: ClassVar[str] = "realtime_model_id"
    DEFAULT_MODEL: ClassVar[str | None] = REALTIME_MODEL

    _audio: asyncio.Queue[Any] | None = PrivateAttr(default=None)

    def __init__(
        self,
        ai_model_id: RealtimeModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(ai_model_id, service_id, api_key, base_url, options)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values for ``from_dict``, without the unused output callback."""
        return {k: v for k, v in super().to_dict().items() if k != "audio_output_callback"}

    async def create_session(
        self,
        chat_history: ChatHistory | None = None,
        settings: PromptExecutionSettings | None = None,
        **kwargs: Any,
    ) -> None:
        """Start a session. Connects when the first audio is sent."""
        self._audio = asyncio.Queue()

    async def update_session(
        self,
        chat_history: ChatHistory | None = None,
        settings: PromptExecutionSettings | None = None,
        **kwargs: Any,
    ) -> None:
        """Do nothing: transcriptions have no settings and no history."""

    async def close_session(self) -> None:
        """End the audio of the session."""
        if self._audio is not None:
            self._audio.put_nowait(_END)

    async def send(self, event: RealtimeEvents, **kwargs: Any) -> None:
        """Send audio, or end an utterance or the audio.

        Raises ``ServiceInvalidRequestError`` for another event.
        """
        with translate_errors:
            self._queue().put_nowait(_to_audio(event))

    async def receive(
        self, audio_output_callback: Any = None, **kwargs: Any
    ) -> AsyncGenerator[RealtimeEvents, None]:
        """Yield text as it is recognized, until the audio ends."""
        with translate_errors:
            audio = _pieces(self._queue())
            async for event in listen(self.client, audio, model=self.ai_model_id, **kwargs):
                if isinstance(event, FinalText):
                    yield RealtimeEvent(service_type=DONE, service_event=event)
                else:
                    yield RealtimeTextEvent(
                        service_type=DELTA,
                        service_event=event,
                        text=TextContent(text=event.delta, ai_model_id=self.ai_model_id),
                    )

    def _queue(self) -> asyncio.Queue[Any]:
        if self._audio is None:
            raise InvalidInputError("The session must be created before audio is sent or received.")
        return self._audio


def _to_audio(event: RealtimeEvents) -> Any:
    """Convert an event to a piece of audio or a mark."""
    if isinstance(event, RealtimeAudioEvent):
        return event.audio.data
    marks = {COMMIT: Pause, END: _END}
    if event.service_type not in marks:
        raise InvalidInputError(
            f"event must be audio, {COMMIT!r} or {END!r}, got {event.service_type!r}."
        )
    return marks[event.service_type]


async def _pieces(queue: asyncio.Queue[Any]) -> AsyncIterator[Any]:
    while (piece := await queue.get()) is not _END:
        yield piece
