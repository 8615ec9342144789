"""Chat handler for text, images and audio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import gradio as gr

from history import conversation, has_images, is_image, user_message
from llmaas import AsyncLLMaaS, Done, LLMaaSError, ReasoningDelta, TextDelta
from reply import Reply

CHAT_MODEL, VISION_MODEL = "gpt-oss:120b", "gemma4:31b"


class Talk:
    """Chat handler. One instance serves all users."""

    def __init__(self, client: AsyncLLMaaS) -> None:
        self.client = client

    async def respond(
        self, message: dict[str, Any], history: list[dict[str, Any]]
    ) -> AsyncIterator[list[gr.ChatMessage]]:
        """Stream the reply. The stream is closed when Gradio stops the generator."""
        reply = Reply()
        try:
            images = [path for path in message["files"] if is_image(path)]
            for path in message["files"]:
                if path not in images:
                    reply.hear(await self.client.transcribe(Path(path)))
                    yield reply.messages()
            said = "\n\n".join(text for text in (message["text"], reply.heard) if text)
            async with aclosing(self._answer(reply, said, images, history)) as growing:
                async for grown in growing:
                    yield grown.messages()
        except LLMaaSError as error:
            reply.error = error
            yield reply.messages()

    async def _answer(
        self, reply: Reply, said: str, images: list[str], history: list[dict[str, Any]]
    ) -> AsyncGenerator[Reply, None]:
        messages = [*conversation(history), user_message(said, images)]
        model = VISION_MODEL if has_images(messages) else CHAT_MODEL
        async with await self.client.stream(messages, model=model) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    reply.say(event.text)
                elif isinstance(event, ReasoningDelta):
                    reply.reasoning += event.text
                elif isinstance(event, Done):
                    reply.completion = event.completion
                yield reply
