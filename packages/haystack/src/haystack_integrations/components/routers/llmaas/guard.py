"""``LLMaaSGuard``: messages go one way if a guardian model finds them harmless, else another."""

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

RISKS = ("harm", "jailbreak")
_CHECKED_ROLES = (ChatRole.USER, ChatRole.ASSISTANT)


@component
class LLMaaSGuard(ConnectionMixin):
    """Asks a guardian model about a conversation and routes it to `safe` or `unsafe`.

    One question a risk is asked, all at once: the risk's name is the system prompt, and the
    model answers yes (there is a risk) or no. What is neither counts as unsafe.

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
        model: str = GUARDIAN,
        risks: Sequence[str] = RISKS,
        api_base_url: str | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        unclear_is_safe: bool = False,
    ) -> None:
        """Keep the settings; the key is read and the connection opened by the first run.

        :param api_key: The key; the environment variable `LLMAAS_API_KEY` unless said.
        :param model: A guardian model's name.
        :param risks: Names of risks, as the model knows them; each is a request.
        :param api_base_url: The address; `LLMAAS_BASE_URL`, then the service's, unless said.
        :param generation_kwargs: Parameters of the requests; `temperature` is 0 unless said.
        :param timeout: The longest silence in seconds; 600 unless said.
        :param max_retries: How often a failed request is repeated; 2 unless said.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param unclear_is_safe: Let pass what the model answers neither yes nor no to.
        """
        if not risks or isinstance(risks, str):
            raise ValueError("risks must be a list of names, with one at least")
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
        """Judge a conversation.

        :param messages: The conversation; what user and assistant said is judged.
        :returns: The messages under `safe` or under `unsafe`; `risks` holds True, False or None
            (unclear) by name, `meta` the usage and the model's words.
        """
        asked, client = coerce_messages(messages), self._get_client()
        judged, options = _to_checked_messages(asked), self._options()

        def one(risk: str) -> Completion:
            return client.chat(_build_messages(risk, judged), **options)

        return self._verdict(asked, map_bounded(one, self.risks, limit=len(self.risks)))

    @component.output_types(
        safe=list[ChatMessage],
        unsafe=list[ChatMessage],
        risks=dict[str, Any],
        meta=dict[str, Any],
    )
    async def run_async(self, messages: list[ChatMessage] | str) -> dict[str, Any]:
        """Judge a conversation, without blocking the event loop.

        :param messages: The conversation; what user and assistant said is judged.
        :returns: As `run`.
        """
        asked, client = coerce_messages(messages), self._get_async_client()
        judged, options = _to_checked_messages(asked), self._options()

        async def one(risk: str) -> Completion:
            return await client.chat(_build_messages(risk, judged), **options)

        return self._verdict(asked, await amap_bounded(one, self.risks, limit=len(self.risks)))

    def _options(self) -> dict[str, Any]:
        return {"temperature": 0, **self.generation_kwargs, "model": self.model}

    def _verdict(self, messages: list[ChatMessage], answers: list[Completion]) -> dict[str, Any]:
        texts = dict(zip(self.risks, (answer.text for answer in answers), strict=True))
        risks = {risk: parse_guard_verdict(text) for risk, text in texts.items()}
        harmless = (False, None) if self.unclear_is_safe else (False,)
        is_safe = all(found in harmless for found in risks.values())
        meta = {
            "model": answers[0].model,
            "usage": {r: to_usage(a.usage) for r, a in zip(self.risks, answers, strict=True)},
            "answers": texts,
        }
        return {"safe" if is_safe else "unsafe": messages, "risks": risks, "meta": meta}


def _to_checked_messages(messages: list[ChatMessage]) -> list[dict[str, Any]]:
    """Return what was said, text files included: guardians take no calls and no images."""
    spoken = [message for message in messages if message.role in _CHECKED_ROLES]
    wire = to_api_messages(spoken, unpack_files=False)
    said = [{"role": message["role"], "content": _to_text(message["content"])} for message in wire]
    kept = [message for message in said if message["content"]]
    if not kept:
        raise ValueError("There is no message of user or assistant to judge.")
    return kept


def _to_text(content: Any) -> str:
    if isinstance(content, list):
        parts = expand_files(content, draw=False)
        return "\n".join(part["text"] for part in parts if part.get("type") == "text")
    return content or ""


def _build_messages(risk: str, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"role": "system", "content": risk}, *said]
