"""Bound chat models that keep headers out of reprs, dumps and traces."""

from __future__ import annotations

from typing import Any, Self

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableBinding


class BoundModel(RunnableBinding[LanguageModelInput, AIMessage]):
    """A chat model with bound arguments. Bound headers move into the model itself."""

    @classmethod
    def from_binding(cls, binding: Any) -> Self:
        """Convert a LangChain binding."""
        return cls(**_binding_fields(binding))

    @classmethod
    def lc_id(cls) -> list[str]:
        """Serialize as LangChain's class, which every version can load."""
        return [*RunnableBinding.get_lc_namespace(), "RunnableBinding"]

    def bind(self, **kwargs: Any) -> Any:
        """Bind further arguments."""
        headers = kwargs.pop("extra_headers", None)
        bound = super().bind(**kwargs)
        if headers is None:
            return bound
        return type(self)(**{**_binding_fields(bound), "bound": with_headers(self.bound, headers)})


def with_headers(model: Any, headers: Any) -> Any:
    """Copy a model and add headers to its requests."""
    return model.model_copy(
        update={"default_headers": {**(model.default_headers or {}), **headers}}
    )


def _binding_fields(binding: Any) -> dict[str, Any]:
    names = ("bound", "kwargs", "config", "config_factories")
    types = ("custom_input_type", "custom_output_type")
    return {name: getattr(binding, name) for name in (*names, *types)}
