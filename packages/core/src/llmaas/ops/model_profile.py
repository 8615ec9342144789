"""What the core knows before and learns after an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from llmaas._errors_base import InvalidInputError
from llmaas.catalog.facts import get_facts
from llmaas.catalog.lifecycle import warn_once
from llmaas.content_parts import holds_images
from llmaas.settings import Settings
from llmaas.types import Completion
from llmaas.warnings import EmptyAnswerWarning, IgnoredOptionWarning, caller_level, warn

_HOLD_UNKNOWN, _HOLD_UNOPENED = 2_000, 10_000_000
"""Characters that wait to be recognised as reasoning: some at first, all once it was seen."""


class ModelDefault:
    """Stands for an argument that is not given, where None means "do not send"."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = ModelDefault()


def check_model(settings: Settings, model: str) -> None:
    """Reject an invalid model name; warn once about deprecated or redirected ones.

    Unknown names are worth a warning at the service only: other addresses have their own.
    """
    if not isinstance(model, str) or not model.strip():
        raise InvalidInputError(f"model must be a model's name, not {model!r}")
    facts = get_facts(model, settings.profile)
    if facts.is_known or (settings.is_service and facts.measured is None):
        warn_once(model, stacklevel=caller_level() + 1)


def check_images(
    settings: Settings, model: str, messages: Sequence[Mapping[str, object]], strict: bool | None
) -> None:
    """Warn about images for a model without vision; refuse them with ``strict``."""
    if get_facts(model, settings.profile).sees or not holds_images(messages):
        return
    text = f"{model} is not known to see images: it may refuse or ignore those of this request."
    if settings.strict if strict is None else strict:
        raise InvalidInputError(f"{text} Choose a model with vision (`llmaas models`).")
    warn(text, IgnoredOptionWarning)


def may_begin_unopened(settings: Settings, model: str) -> bool:
    """Tell whether a lone ``</think>`` of a model may end reasoning.

    Not where the model does not reason, or was seen to send its reasoning in a field.
    """
    if model in settings.learned.apart:
        return False
    return get_facts(model, settings.profile).may_reason


def buffer_size(settings: Settings, model: str) -> int:
    """Return how much text of this model waits for the end of reasoning without an opening tag.

    A model that reasons must put its reasoning somewhere: until a stream of it has been
    seen whole, the first text may be reasoning whose tag was opened inside the prompt.
    """
    if model in settings.learned.unopened:
        return _HOLD_UNOPENED
    if model in settings.learned.plain or model in settings.learned.apart:
        return 0
    return _HOLD_UNKNOWN if get_facts(model, settings.profile).may_hold else 0


def record(
    settings: Settings,
    model: str,
    completion: Completion,
    *,
    unopened: bool = False,
    warns: bool = True,
) -> None:
    """Remember how a model reasons; warn about an empty answer.

    One answer without inline reasoning is enough to let the model's text through again: it
    may only have quoted a tag.
    """
    learned = settings.learned
    if _is_plain(completion) and model in learned.plain and not unopened:
        return  # nearly all answers: nothing new is learned, and nothing is wrong
    if unopened:
        learned.add(learned.unopened, model)
        learned.plain.discard(model)
    elif completion.reasoning and not _thinks_inside(completion):
        learned.add(learned.apart, model)
        learned.unopened.discard(model)
    elif completion.text and not _thinks_inside(completion):
        learned.unopened.discard(model)
        learned.add(learned.plain, model)
    if warns:
        warn_if_empty(completion)


def warn_if_empty(completion: Completion) -> None:
    """Warn about an answer without text or a tool call."""
    why = completion.empty_reason
    if why:
        warn(why, EmptyAnswerWarning)


def _is_plain(completion: Completion) -> bool:
    """Whether an answer is one text without reasoning, and not an empty one."""
    if len(completion.choices) != 1:
        return False
    only = completion.choices[0]
    text = only.content
    return text is not None and text != "" and not only.reasoning and not text.isspace()


def _thinks_inside(completion: Completion) -> bool:
    """Whether reasoning came inside the text: the next answer may not open its tag."""
    return any(choice.reasoning_field == "content" for choice in completion.choices)
