"""Live transcription in Semantic Kernel."""

import asyncio
import json

import numpy as np
import pytest
from semantic_kernel.contents import AudioContent
from semantic_kernel.contents.realtime_events import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeTextEvent,
)
from semantic_kernel.exceptions import ServiceInvalidRequestError, ServiceResponseException

from semantic_kernel_llmaas import LLMaaSRealtimeTranscription

SECOND = (8_000 * np.sin(np.arange(16_000) / 10)).astype(np.int16)
COMMIT = RealtimeEvent(service_type="input_audio_buffer.commit")
END = RealtimeEvent(service_type="input_audio_buffer.end")


async def speak(service, *, as_array):
    data = SECOND if as_array else SECOND.tobytes()
    for mark in (COMMIT, END):
        audio = AudioContent(data=data, mime_type="audio/pcm")
        await service.send(RealtimeAudioEvent(audio=audio))
        await asyncio.sleep(0)
        await service.send(mark)


@pytest.mark.parametrize("as_array", [False, True])
async def test_text_arrives_while_audio_is_sent_and_ends_with_each_utterance(sandbox, as_array):
    service = LLMaaSRealtimeTranscription()
    async with service() as session:
        speaking = asyncio.create_task(speak(session, as_array=as_array))
        events = [event async for event in session.receive()]
        await speaking
    texts = [event.text.text for event in events if isinstance(event, RealtimeTextEvent)]
    finals = [e.service_event for e in events if e.service_type == "transcription.done"]
    assert [final.seconds for final in finals] == [1.0, 1.0]
    assert "".join(texts) == "".join(final.text for final in finals)
    assert finals[0].cost_micro_eur > 0


async def test_receiving_ends_when_the_session_is_closed(sandbox):
    service = LLMaaSRealtimeTranscription()
    await service.create_session()
    await service.send(RealtimeAudioEvent(audio=AudioContent(data=SECOND, mime_type="audio/pcm")))
    await service.close_session()
    *_, last = [event async for event in service.receive()]
    assert last.service_event.seconds == 1.0


async def test_errors_are_in_the_framework_s_hierarchy(sandbox):
    service = LLMaaSRealtimeTranscription(api_key="sk-wrong-key-of-nobody")
    with pytest.raises(ServiceInvalidRequestError, match="session"):
        await service.send(END)
    await service.create_session()
    with pytest.raises(ServiceInvalidRequestError, match=r"response\.create"):
        await service.send(RealtimeEvent(service_type="response.create"))
    await service.send(RealtimeAudioEvent(audio=AudioContent(data=SECOND, mime_type="audio/pcm")))
    with pytest.raises(ServiceResponseException):
        [event async for event in service.receive()]


def test_service_comes_back_from_a_dict(sandbox):
    service = LLMaaSRealtimeTranscription(service_id="ears", timeout=5)
    restored = LLMaaSRealtimeTranscription.from_dict(json.loads(json.dumps(service.to_dict())))
    assert restored.to_dict() == service.to_dict()
    assert restored.client.settings.timeout == service.client.settings.timeout
