"""``LLMaaSGuard``: routes messages by the verdicts of a guardian model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage, ChatRole
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.files import expand_files
from haystack_integrations.common.llmaas.messages import coerce_messages, to_api_messages
from haystack_integrations.common.llmaas.responses import to_usage
from llmaas import Completion
from llmaas.adapters import amap_bounded, map_bounded, parse_guard_verdict, redact_options
from llmaas.guard import GUARDIAN
from llmaas.model_names import ChatModelName

RISKS = ("harm", "jailbreak")
_CHECKED_ROLES = (ChatRole.USER, ChatRole.ASSISTANT)


@component
class LLMaaSGuard(ConnectionMixin):
    """Checks a conversation with a guardian model and routes it to `safe` or `unsafe`.

    One request per risk, all concurrent: the risk's name is the system prompt, and the model
    answers yes (there is a risk) or no. Other answers count as unsafe.

    ```python
    from haystack.dataclasses import ChatMessage
    from haystack_integrations.components.routers.llmaas import LLMaaSGuard

    verdict = LLMaaSGuard().run([ChatMessage.from_user("Bonjour !")])
    print(verdict["risks"], "safe" in verdict)
    ```
    """

    def __init__(
        self,
        api_key: Secret = DEFAULT_API_KEY,
        model: ChatModelName = GUARDIAN,
        risks: Sequence[str] = RISKS,
        api_base_url: str | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        unclear_is_safe: bool = False,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param model: A guardian model's name. Defaults to `granite4.1-guardian:8b`.
        :param risks: Names of risks known to the model. Each is a request. Defaults to `harm` and
            `jailbreak`.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param generation_kwargs: Request parameters. `temperature` defaults to 0.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param unclear_is_safe: Treat answers other than yes or no as safe. Defaults to False.
        """
        if not risks or isinstance(risks, str):
            raise ValueError(f"risks must be a non-empty list of names, got {risks!r}")
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.risks = list(risks)
        self.generation_kwargs = generation_kwargs or {}
        self.unclear_is_safe = unclear_is_safe

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        return default_to_dict(
            self,
            **self._connection_to_dict(),
            model=self.model,
            risks=self.risks,
            generation_kwargs=redact_options(self.generation_kwargs),
            unclear_is_safe=self.unclear_is_safe,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSGuard:
        """Deserialize this component from a dictionary.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        guard: LLMaaSGuard = default_from_dict(cls, data)
        return guard

    @component.output_types(
        safe=list[ChatMessage],
        unsafe=list[ChatMessage],
        risks=dict[str, Any],
        meta=dict[str, Any],
    )
    def run(self, messages: list[ChatMessage] | str) -> dict[str, Any]:
        """Check a conversation.

        :param messages: The conversation. User and assistant messages are checked.
        :returns: The messages under `safe` or `unsafe`; `risks` maps names to True, False or
            None (unclear), `meta` holds the usage and the answers.
        """
        conversation, client = coerce_messages(messages), self._get_client()
        checked, options = _to_checked_messages(conversation), self._options()

        def check(risk: str) -> Completion:
            return client.chat(_build_messages(risk, checked), **options)

        return self._to_output(conversation, map_bounded(check, self.risks, limit=len(self.risks)))

    @component.output_types(
        safe=list[ChatMessage],
        unsafe=list[ChatMessage],
        risks=dict[str, Any],
        meta=dict[str, Any],
    )
    async def run_async(self, messages: list[ChatMessage] | str) -> dict[str, Any]:
        """Check a conversation without blocking the event loop.

        :param messages: The conversation. User and assistant messages are checked.
        :returns: As `run`.
        """
        conversation, client = coerce_messages(messages), self._get_async_client()
        checked, options = _to_checked_messages(conversation), self._options()

        async def check(risk: str) -> Completion:
            return await client.chat(_build_messages(risk, checked), **options)

        return self._to_output(
            conversation, await amap_bounded(check, self.risks, limit=len(self.risks))
        )

    def _options(self) -> dict[str, Any]:
        return {"temperature": 0, **self.generation_kwargs, "model": self.model}

    def _to_output(self, messages: list[ChatMessage], answers: list[Completion]) -> dict[str, Any]:
        texts = dict(zip(self.risks, (answer.text for answer in answers), strict=True))
        risks = {risk: parse_guard_verdict(text) for risk, text in texts.items()}
        safe_verdicts = (False, None) if self.unclear_is_safe else (False,)
        is_safe = all(verdict in safe_verdicts for verdict in risks.values())
        meta = {
            "model": answers[0].model,
            "usage": {r: to_usage(a.usage) for r, a in zip(self.risks, answers, strict=True)},
            "answers": texts,
        }
        return {"safe" if is_safe else "unsafe": messages, "risks": risks, "meta": meta}


def _to_checked_messages(messages: list[ChatMessage]) -> list[dict[str, Any]]:
    """Convert to plain texts, text files included: guardians accept no calls or images."""
    checked = [message for message in messages if message.role in _CHECKED_ROLES]
    converted = to_api_messages(checked, unpack_files=False)
    texts = [{"role": each["role"], "content": _to_text(each["content"])} for each in converted]
    non_empty = [each for each in texts if each["content"]]
    if not non_empty:
        raise ValueError("messages must hold a user or assistant message with text, got none.")
    return non_empty


def _to_text(content: Any) -> str:
    if isinstance(content, list):
        parts = expand_files(content, render=False)
        return "\n".join(part["text"] for part in parts if part.get("type") == "text")
    return content or ""


def _build_messages(risk: str, checked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"role": "system", "content": risk}, *checked]
