"""Chat handler for text, images and audio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import gradio as gr

import models
from history import conversation, is_image, user_message
from llmaas import AsyncLLMaaS, Done, LLMaaSError, ReasoningDelta, TextDelta
from models import CHAT_MODEL
from reply import Reply


class Talk:
    """Chat handler. One instance serves all users."""

    def __init__(self, client: AsyncLLMaaS) -> None:
        self.client = client

    async def respond(
        self, message: dict[str, Any], history: list[dict[str, Any]], model: str = CHAT_MODEL
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
            messages = [*conversation(history), user_message(said, images)]
            chosen = models.for_messages(model, messages)
            async with aclosing(self._answer(reply, messages, chosen)) as growing:
                async for grown in growing:
                    yield grown.messages()
        except LLMaaSError as error:
            reply.error = error
            yield reply.messages()

    async def _answer(
        self, reply: Reply, messages: list[dict[str, Any]], model: str
    ) -> AsyncGenerator[Reply, None]:
        async with await self.client.stream(messages, model=model) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    reply.say(event.text)
                elif isinstance(event, ReasoningDelta):
                    reply.reasoning += event.text
                elif isinstance(event, Done):
                    reply.completion = event.completion
                yield reply
