"""Request validation. Unvalidated fields are sent to the service unchanged."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def only_what_travels(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reject ``{"type": "image", "image": PATH}``, with which the client reads local files."""
    for message in messages:
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and part.get("type") == "image":
                raise ValueError("images are sent as image_url")
    return messages


Messages = Annotated[list[dict[str, Any]], Field(min_length=1), AfterValidator(only_what_travels)]
Tokens = Annotated[int, Field(ge=1)]


class CompletionRequest(BaseModel):
    """Body of ``/v1/chat/completions``. Declares the fields that this application uses."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: Messages
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    n: Annotated[int, Field(ge=1, le=4)] = 1

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with a chunk that holds the usage."""
        return bool((self.stream_options or {}).get("include_usage"))

    def call(self, most: int) -> dict[str, Any]:
        """Build arguments for ``client.chat`` and ``client.stream``.

        Unknown fields are sent in ``extra_body``, so that they cannot set client options such as
        headers or the deadline.
        """
        asked = self.max_completion_tokens or self.max_tokens or most
        return {
            "messages": self.messages,
            "model": self.model,
            "max_tokens": min(asked, most),
            "n": self.n if self.n > 1 else None,
            "extra_body": self.model_extra,
        }


class Turn(BaseModel):
    """Previous message of the conversation."""

    role: Annotated[str, Field(pattern="^(user|assistant)$")]
    content: str


class ChatRequest(BaseModel):
    """Body of ``/chat``, sent by the application's page."""

    question: Annotated[str, Field(min_length=1, max_length=100_000)]
    history: list[Turn] = []
    model: str | None = None

    def messages(self) -> list[dict[str, str]]:
        """Build the API messages."""
        told = [turn.model_dump() for turn in self.history]
        return [*told, {"role": "user", "content": self.question}]
