"""``LLMaaSTokenCounter``: estimates the tokens of messages."""

from __future__ import annotations

import json
from typing import Any

from haystack import default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage, TextContent
from haystack.tools import ToolsType

from haystack_integrations.common.llmaas.tools import to_api_tools
from llmaas.pricing import estimate_tokens


class LLMaaSTokenCounter:
    """Estimates tokens as the service documents it: four characters per token.

    No request is sent: the service has no tokenizer endpoint. Images and files count at a flat
    rate.

    ```python
    from haystack.dataclasses import ChatMessage
    from haystack_integrations.token_counters.llmaas import LLMaaSTokenCounter

    print(LLMaaSTokenCounter().count([ChatMessage.from_user("Combien de jetons ?")]))
    ```
    """

    def __init__(
        self,
        tokens_per_message: int = 4,
        tokens_per_image: int = 800,
        tokens_per_file: int = 1000,
    ) -> None:
        """Store the rates.

        :param tokens_per_message: Overhead of each message (role and separators). Defaults to 4.
        :param tokens_per_image: Tokens of an image. Defaults to 800.
        :param tokens_per_file: Tokens of a file. Defaults to 1,000.
        """
        self.tokens_per_message = tokens_per_message
        self.tokens_per_image = tokens_per_image
        self.tokens_per_file = tokens_per_file

    def count(self, messages: list[ChatMessage], tools: ToolsType | None = None) -> int:
        """Estimate the number of tokens.

        :param messages: The messages. Their reasoning is not counted, because it is not sent.
        :param tools: Tools sent with the messages.
        """
        return sum(map(self._count_message, messages)) + sum(
            estimate_tokens(json.dumps(tool, ensure_ascii=False))
            for tool in to_api_tools(tools, strict=False)
        )

    def to_dict(self) -> dict[str, Any]:
        """Serialize the counter to a dictionary."""
        return default_to_dict(
            self,
            tokens_per_message=self.tokens_per_message,
            tokens_per_image=self.tokens_per_image,
            tokens_per_file=self.tokens_per_file,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSTokenCounter:
        """Deserialize the counter from a dictionary."""
        counter: LLMaaSTokenCounter = default_from_dict(cls, data)
        return counter

    def _count_message(self, message: ChatMessage) -> int:
        texts = [*message.texts, *map(_result_text, message.tool_call_results)]
        for call in message.tool_calls:
            texts += [call.tool_name, json.dumps(call.arguments, default=str)]
        flat = len(message.images) * self.tokens_per_image
        flat += len(message.files) * self.tokens_per_file
        return self.tokens_per_message + flat + estimate_tokens("".join(texts))


def _result_text(result: Any) -> str:
    if isinstance(result.result, str):
        return result.result
    return "".join(part.text for part in result.result if isinstance(part, TextContent))
