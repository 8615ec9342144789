"""Request of the model client: validated options, converted tools and messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autogen_core.tools import Tool
from pydantic import BaseModel

from autogen_llmaas.settings import REQUEST_FIELDS
from autogen_llmaas.tools import ToolNameMap
from llmaas import ConfigurationError
from llmaas.options import ChatOptions

ToolChoice = Tool | Literal["auto", "required", "none"]

_EXTRA_ARGUMENTS = frozenset((*ChatOptions.__annotations__, *REQUEST_FIELDS, "metadata")) - {
    "tools",
    "repair",
}
_PLAIN_TEXT = {"type": "text"}


@dataclass(slots=True)
class Request:
    """Messages and options of one call of the core, and the tools to read its answer."""

    messages: list[dict[str, Any]]
    tool_names: ToolNameMap
    options: dict[str, Any]

    @property
    def wants_json(self) -> bool:
        """Whether the answer must be JSON."""
        return self.options.get("response_format") not in (None, _PLAIN_TEXT)


def build_options(
    defaults: Mapping[str, Any],
    extra: Mapping[str, Any] | None,
    tool_names: ToolNameMap,
    tool_choice: ToolChoice,
    json_output: bool | type[BaseModel] | None,
) -> dict[str, Any]:
    """Merge the options of a call. Raises ``ConfigurationError`` for unknown arguments."""
    options = {**defaults, **_validate_extra_arguments(extra or {})}
    if json_output is not None:
        options["response_format"] = _to_response_format(json_output)
    # AutoGen's web surfer and Magentic-One pass tool_choice in extra_create_args
    extra_choice = options.pop("tool_choice", None)
    use_extra = extra_choice is not None and tool_choice == "auto"
    choice = tool_names.to_tool_choice(extra_choice if use_extra else tool_choice)
    if tool_names.definitions:
        options |= {"tools": tool_names.definitions, "tool_choice": choice}
    return options


def _validate_extra_arguments(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """Reject misspelled arguments, which the service would ignore silently."""
    unknown = sorted(set(extra) - _EXTRA_ARGUMENTS)
    if unknown:
        raise ConfigurationError(
            f"extra_create_args are invalid: {unknown}. "
            "Pass parameters of the service in extra_body."
        )
    return extra


def _to_response_format(json_output: bool | type[BaseModel]) -> Any:
    """Convert ``json_output``: True to JSON, False to plain text; a model class is kept."""
    if isinstance(json_output, bool):
        return {"type": "json_object"} if json_output else _PLAIN_TEXT
    return json_output
