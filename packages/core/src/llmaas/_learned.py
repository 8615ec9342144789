"""Facts about models that a client learns from their answers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Learned:
    """Facts about models at one address with one key.

    Owned by a client's settings: the answers of one account never affect another. Bounded, since
    model names may come from users.
    """

    unopened: set[str] = field(default_factory=set)
    """Models whose reasoning began inside the prompt, without an opening tag."""
    plain: set[str] = field(default_factory=set)
    """Models that answered without inline reasoning."""
    apart: set[str] = field(default_factory=set)
    """Models that sent their reasoning in a separate field."""
    windows: dict[str, int] = field(default_factory=dict)
    """Context windows in tokens, as parsed from an error message."""
    limits: dict[str, int] = field(default_factory=dict)
    """Maximum output tokens, as parsed from an error message."""

    rerank_version: int | None = None
    """The version of the reranking path that the server has, where it lacks the other."""

    def add(self, names: set[str], model: str) -> None:
        """Add a model to one of the sets; forget all of it when it grows too large."""
        if len(names) >= _MAX_MODELS:
            names.clear()
        names.add(model)

    def record_window(self, model: str, tokens: int) -> None:
        """Record the context window from an error message."""
        _keep(self.windows, model, tokens)

    def record_limit(self, model: str, tokens: int) -> None:
        """Record the output limit from an error message."""
        _keep(self.limits, model, tokens)


def _keep(known: dict[str, int], model: str, tokens: int) -> None:
    if len(known) >= _MAX_MODELS:
        known.clear()
    known[model] = tokens


_MAX_MODELS = 1_000
