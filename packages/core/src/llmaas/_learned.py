"""State that a client learns from the answers of models."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Learned:
    """Facts about models, learned at one address with one key.

    Owned by a client's settings: the answers of one account never change how those of another
    are read. Bounded, since model names may come from users.
    """

    unopened: set[str] = field(default_factory=set)
    """Models whose reasoning began inside the prompt, without an opening tag."""
    plain: set[str] = field(default_factory=set)
    """Models that were seen to answer without inline reasoning."""
    apart: set[str] = field(default_factory=set)
    """Models that were seen to send their reasoning in a field of its own."""
    windows: dict[str, int] = field(default_factory=dict)
    """Context windows in tokens, as read from the words of a refusal."""
    limits: dict[str, int] = field(default_factory=dict)
    """The most tokens that a model answers, as read from the words of a refusal."""

    rerank_version: int | None = None
    """The version of the reranking path that the server has, where it lacks the other."""

    def add(self, names: set[str], model: str) -> None:
        """Add a model to one of the sets; forget all of it when it grows too large."""
        if len(names) >= _MOST_MODELS:
            names.clear()
        names.add(model)

    def keep_window(self, model: str, tokens: int) -> None:
        """Remember the window that a refusal named."""
        _keep(self.windows, model, tokens)

    def keep_limit(self, model: str, tokens: int) -> None:
        """Remember the longest answer that a refusal named."""
        _keep(self.limits, model, tokens)


def _keep(known: dict[str, int], model: str, tokens: int) -> None:
    if len(known) >= _MOST_MODELS:
        known.clear()
    known[model] = tokens


_MOST_MODELS = 1_000
