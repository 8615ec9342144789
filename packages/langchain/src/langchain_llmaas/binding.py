"""Bound models, which show no header in a repr, dump or trace."""

from __future__ import annotations

from typing import Any, Self

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableBinding


class BoundModel(RunnableBinding[LanguageModelInput, AIMessage]):
    """A chat model with arguments. Headers that are bound become the model's own."""

    @classmethod
    def of(cls, binding: Any) -> Self:
        """Make one of LangChain's bindings."""
        return cls(**_parts(binding))

    @classmethod
    def lc_id(cls) -> list[str]:
        """Serialize as LangChain's class, which any version loads."""
        return [*RunnableBinding.get_lc_namespace(), "RunnableBinding"]

    def bind(self, **kwargs: Any) -> Any:
        """Bind more arguments."""
        headers = kwargs.pop("extra_headers", None)
        bound = super().bind(**kwargs)
        if headers is None:
            return bound
        return type(self)(**{**_parts(bound), "bound": with_headers(self.bound, headers)})


def with_headers(model: Any, headers: Any) -> Any:
    """Return a copy of a model that sends these headers as well."""
    return model.model_copy(
        update={"default_headers": {**(model.default_headers or {}), **headers}}
    )


def _parts(binding: Any) -> dict[str, Any]:
    names = ("bound", "kwargs", "config", "config_factories")
    types = ("custom_input_type", "custom_output_type")
    return {name: getattr(binding, name) for name in (*names, *types)}
