"""Embeddings for agents' memories: ours, or any that takes a function of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from autogen_llmaas._core import ApiKey, way
from llmaas import AsyncLLMaaS, Embeddings, LLMaaS
from llmaas.settings import KEY_VARIABLE

DEFAULT_EMBEDDER = "bge-m3:567m"


class LLMaaSEmbeddings:
    """Texts to vectors. Callable, so that it fits where a function of texts is asked for.

    ``tokens`` counts what was embedded so far. The key is never shown nor pickled.
    """

    def __init__(
        self,
        model: str = DEFAULT_EMBEDDER,
        *,
        api_key: ApiKey = None,
        api_key_env: str = KEY_VARIABLE,
        base_url: str | None = None,
    ) -> None:
        self.model = model
        self.api_key_env = api_key_env
        self.base_url = base_url
        self.tokens = 0
        self._api_key = api_key

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text; raise what the service refused."""
        client = AsyncLLMaaS(**way(self._api_key, self.api_key_env, self.base_url))
        return self._counted(await client.embed(list(texts), model=self.model, isolate=False))

    def __call__(self, input: Sequence[str]) -> list[list[float]]:  # noqa: A002 - Chroma's name
        """Do the same without an event loop, as Chroma's embedding functions do."""
        with LLMaaS(**way(self._api_key, self.api_key_env, self.base_url)) as client:
            return self._counted(client.embed(list(input), model=self.model, isolate=False))

    def _counted(self, answer: Embeddings) -> list[list[float]]:
        self.tokens += answer.usage.prompt_tokens if answer.usage else 0
        return answer.vectors

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.model!r})"

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: Any) -> Self:
        return type(self)(
            self.model,
            api_key=self._api_key,
            api_key_env=self.api_key_env,
            base_url=self.base_url,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (type(self), self.model, self.api_key_env, self.base_url))


def _again(
    kind: type[LLMaaSEmbeddings], model: str, api_key_env: str, base_url: str | None
) -> LLMaaSEmbeddings:
    return kind(model, api_key_env=api_key_env, base_url=base_url)
