"""The parameter ``dimensions``, sent only where it changes something.

vLLM refuses it for models that were not trained for shorter vectors, even where it names their
own size: https://github.com/vllm-project/vllm/issues/16331.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmaas._errors_base import InvalidInputError
from llmaas.catalog.measured import vector_sizes
from llmaas.catalog.profile import Profile

_WORDS = ("matryoshka", "dimension")
_REFUSALS = frozenset({400, 422})


@dataclass(slots=True)
class Dimensions:
    """The vector size that a call wants, and whether it must be requested."""

    requested: int | None
    own: int | None
    """The size of the model's vectors, where the catalog knows it."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """What to send."""

    @classmethod
    def create(
        cls, model: str, requested: int | None, profile: Profile | None = None
    ) -> Dimensions:
        """Leave a size out that is the model's own.

        Raises ``InvalidInputError`` for a size that the model is known not to support.
        """
        if requested is None:
            return cls(None, None)
        sizes = vector_sizes(model, profile)
        if not sizes.allow(requested):
            raise InvalidInputError(f"dimensions: {model} supports {sizes}, got {requested}.")
        return cls(
            requested, sizes.own, {} if requested == sizes.own else {"dimensions": requested}
        )

    def is_needless(self, error: Exception, body: Mapping[str, object]) -> bool:
        """Tell whether a refusal of ``dimensions`` may be met by leaving it out; stop sending it.

        It may where nothing is known of the model: the size may be its own.
        """
        if "dimensions" not in body or self.own is not None:
            return False
        words = str(getattr(error, "message", "")).lower()
        refused = getattr(error, "status_code", None) in _REFUSALS
        if not (refused and any(word in words for word in _WORDS)):
            return False
        self.params = {}
        return True

    def check(self, length: int, refusal: Exception) -> None:
        """Raise the refusal where the model's own size is another than the wanted one."""
        if length != self.requested:
            self.own = length
            self.params = {"dimensions": self.requested}
            raise refusal
