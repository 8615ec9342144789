"""What the core knows before and learns after an answer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from llmaas import catalog
from llmaas.content_parts import holds_images
from llmaas.settings import Settings
from llmaas.types import Completion
from llmaas.warnings import EmptyAnswerWarning, IgnoredOptionWarning

_HOLD_UNKNOWN, _HOLD_UNOPENED = 2_000, 10_000_000
"""Characters that wait to be recognised as reasoning: some at first, all once it was seen."""

_INLINE_FAMILIES = ("qwen", "deepseek")
"""Seen with ``<think>`` in the answer (reference 3.6)."""


class Default:
    """Stands for an argument that is not given, where None means "do not send"."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = Default()


def check_model(settings: Settings, model: str) -> None:
    """Refuse what is no model name; warn once about deprecated or redirected ones.

    Unknown names are worth a warning at the service only: other addresses have their own.
    """
    if not isinstance(model, str) or not model.strip():
        from llmaas.errors import InvalidInputError

        raise InvalidInputError(f"model must be a model's name, not {model!r}")
    if settings.is_service or catalog.get(model) is not None:
        catalog.warn_once(model, stacklevel=6)


def check_images(
    settings: Settings, model: str, messages: Sequence[Mapping[str, Any]], strict: bool | None
) -> None:
    """Warn about images for a model without vision; refuse them with ``strict``."""
    known = catalog.resolve(model).model
    if known is None or known.vision is not False or not holds_images(messages):
        return
    text = f"{model} is not known to see images: it may refuse or ignore those of this request."
    if settings.strict if strict is None else strict:
        from llmaas.errors import InvalidInputError

        raise InvalidInputError(f"{text} Choose a model with vision (`llmaas models`).")
    warnings.warn(text, IgnoredOptionWarning, stacklevel=6)


def may_reason(model: str) -> bool:
    """Tell whether a model may reason: all may, but those known not to."""
    known = catalog.get(model)
    return known is None or bool(known.reasoning) or model.lower().startswith(_INLINE_FAMILIES)


def may_begin_unopened(settings: Settings, model: str) -> bool:
    """Tell whether a lone ``</think>`` of a model may end reasoning.

    Not where the model does not reason, or was seen to send its reasoning in a field.
    """
    return may_reason(model) and model not in settings.learned.apart


def hold_for(settings: Settings, model: str) -> int:
    """Return how much text of this model waits to be recognised as unopened reasoning.

    A model that reasons must put its reasoning somewhere: until a stream of it has been
    seen whole, the first text may be reasoning whose tag was opened inside the prompt.
    """
    if model in settings.learned.unopened:
        return _HOLD_UNOPENED
    seen = model in settings.learned.plain or model in settings.learned.apart
    if seen or not model.lower().startswith(_INLINE_FAMILIES):
        return 0
    known = catalog.get(model)
    return _HOLD_UNKNOWN if known is not None and known.reasoning else 0


def learn(
    settings: Settings,
    model: str,
    completion: Completion,
    *,
    unopened: bool = False,
    warn: bool = True,
) -> None:
    """Remember how a model reasons; warn about an empty answer.

    One answer without inline reasoning is enough to let the model's text through again: it
    may only have quoted a tag.
    """
    learned = settings.learned
    if unopened:
        learned.add(learned.unopened, model)
        learned.plain.discard(model)
    elif completion.reasoning and not _thinks_inside(completion):
        learned.add(learned.apart, model)
        learned.unopened.discard(model)
    elif completion.text and not _thinks_inside(completion):
        learned.add(learned.plain, model)
        learned.unopened.discard(model)
    if warn:
        warn_if_empty(completion)


def warn_if_empty(completion: Completion) -> None:
    """Warn about an answer without text or a tool call."""
    why = completion.empty_because
    if why:
        warnings.warn(why, EmptyAnswerWarning, stacklevel=7)


def _thinks_inside(completion: Completion) -> bool:
    """Whether reasoning came inside the text: the next answer may not open its tag."""
    return any(choice.reasoning_field == "content" for choice in completion.choices)
