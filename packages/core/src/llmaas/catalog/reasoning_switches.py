"""Reasoning switches of model families: which request fields turn it on, off, up and down.

The first row with a prefix of the model's name (without publisher, in lower case) applies. Rows
list the fields that the family's chat template reads; vLLM, SGLang and llama.cpp silently ignore
others. On vLLM, ``enable_thinking`` at the top level has no effect: it is sent in addition, as the
service's own clients do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

LEVELS = ("minimal", "low", "medium", "high", "xhigh")
"""Efforts in rising order, as OpenAI names them."""

Fields = Mapping[str, Any]


def _template(**switches: Any) -> Fields:
    return {"chat_template_kwargs": switches}


@dataclass(frozen=True, slots=True)
class ReasoningSwitch:
    """Request fields of one family; None if the family has no such switch."""

    prefixes: tuple[str, ...]
    off: Fields | None = None
    on: Fields | None = None
    levels: Mapping[str, Fields] = field(default_factory=dict)
    """Fields by effort, for the efforts that the family supports."""
    default: str | None = None
    """Effort of a request that sets none, if the family documents it."""
    always: bool = False
    """Whether the family always reasons."""
    never: bool = False
    """Whether the family never reasons."""


def _effort(*levels: str) -> dict[str, Fields]:
    return {level: {"reasoning_effort": level} for level in levels}


_QWEN_OFF = {"enable_thinking": False, **_template(enable_thinking=False)}
_QWEN_ON = {"enable_thinking": True, **_template(enable_thinking=True)}
_THINKING_OFF, _THINKING_ON = _template(enable_thinking=False), _template(enable_thinking=True)

FAMILIES = (
    # Qwen/Qwen3.8-27B: the template knows xhigh (the default), medium and low.
    ReasoningSwitch(("qwen3.8",), _QWEN_OFF, _QWEN_ON, _effort("low", "medium", "xhigh"),
                    default="xhigh"),
    ReasoningSwitch(("qwen3-2507-think", "qwen3-next-80b-a3b-thinking", "qwq"), always=True),
    ReasoningSwitch(("qwen3-coder", "qwen-coder", "qwen3-next", "qwen2", "qwen3-2507:30b"),
                    never=True),
    ReasoningSwitch(("qwen",), _QWEN_OFF, _QWEN_ON),
    # openai/gpt-oss model card: low, medium (the default) and high; it cannot be switched off.
    ReasoningSwitch(("gpt-oss",), levels=_effort("low", "medium", "high"), default="medium",
                    always=True),
    # mistralai/Mistral-Small-4 model card: "none" or "high"; Mistral's tokenizers refuse
    # enable_thinking (seen on the service).
    ReasoningSwitch(("mistral-small4", "mistral-small-4", "mistral-medium-3.5"),
                    {"reasoning_effort": "none"}, {"reasoning_effort": "high"}, _effort("high")),
    ReasoningSwitch(("magistral",), always=True),
    ReasoningSwitch(("mistral", "ministral", "devstral", "codestral", "pixtral", "llama", "gemma3",
                     "gemma-3", "translategemma", "functiongemma", "medgemma"), never=True),
    # nvidia/NVIDIA-Nemotron-3-Super model card: enable_thinking and low_effort.
    ReasoningSwitch(("nemotron-3-super", "nvidia-nemotron-3-super"), _THINKING_OFF, _THINKING_ON,
                    {"low": _template(enable_thinking=True, low_effort=True)}),
    ReasoningSwitch(("granite3", "granite-3"), _template(thinking=False), _template(thinking=True)),
    ReasoningSwitch(("deepseek-v3", "deepseek-chat", "deepseek-v4"),
                    _template(thinking=False), _template(thinking=True)),
    ReasoningSwitch(("deepseek-r1", "phi4-reasoning", "phi-4-reasoning", "deepcoder", "olmo-3:32b"),
                    always=True),
    ReasoningSwitch(("nemotron", "nvidia-nemotron", "gemma4", "gemma-4", "glm", "cogito", "smollm3",
                     "exaone", "hunyuan"), _THINKING_OFF, _THINKING_ON),
)  # fmt: skip
SWITCHES: Mapping[str, ReasoningSwitch] = {
    "enable_thinking": ReasoningSwitch((), {"enable_thinking": False}, {"enable_thinking": True}),
    "chat_template_kwargs.enable_thinking": ReasoningSwitch((), _THINKING_OFF, _THINKING_ON),
    "chat_template_kwargs.thinking": ReasoningSwitch(
        (), _template(thinking=False), _template(thinking=True)
    ),
    "reasoning_effort": ReasoningSwitch((), {"reasoning_effort": "none"}, {}),
    "always": ReasoningSwitch((), always=True),
    "never": ReasoningSwitch((), never=True),
}
"""Switches by the field that turns reasoning off, as a profile names them; ``always`` for models
that cannot stop reasoning and ``never`` for models that do not reason."""

UNKNOWN = ReasoningSwitch(
    (),
    _template(enable_thinking=False, thinking=False),
    _template(enable_thinking=True, thinking=True),
    _effort("low", "medium", "high"),
)
"""Other models: the fields that most templates read, and OpenAI's efforts."""


@lru_cache(maxsize=512)
def match_switch(names: tuple[str, ...]) -> ReasoningSwitch:
    """Find the switch of a model by its names, the first one that matches."""
    for name in names:
        found = _match_prefix(name.rpartition("/")[2].lower())
        if found is not None:
            return found
    return UNKNOWN


def _match_prefix(name: str) -> ReasoningSwitch | None:
    return next((row for row in FAMILIES if name.startswith(row.prefixes)), None)
