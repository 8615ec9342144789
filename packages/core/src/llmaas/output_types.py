"""Conversion of Python types to JSON schemas, and of JSON values to their instances.

Supports pydantic models (both versions), dataclasses, ``TypedDict``, annotated classes and other
types that pydantic validates, such as ``list[City]``.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from enum import Enum
from typing import Any

from llmaas._errors_base import InvalidInputError
from llmaas.wire.schema import inline_definitions, wire_name


@dataclass(frozen=True, slots=True)
class OutputType:
    """Python type of structured answers, with its JSON schema."""

    name: str
    """Name in the form that the API allows for functions and schemas."""
    schema: Mapping[str, Any]
    convert: Callable[[Any], Any]
    """Converts a JSON value to an instance; raises ``ValueError``."""


def output_type(kind: Any) -> OutputType:
    """Parse a type; raise ``InvalidInputError`` for unsupported values."""
    try:
        return _read(kind)
    except Exception as error:
        raise InvalidInputError(
            "response_format must be a dict with a type, a pydantic model, a dataclass, a "
            f"TypedDict or a class with annotations, got {kind!r}: {error}"
        ) from error


def _read(kind: Any) -> OutputType:
    name = wire_name(getattr(kind, "__name__", None) or str(kind))
    if isinstance(kind, type) and hasattr(kind, "parse_obj") and not _is_model(kind):
        v1: Any = kind
        return OutputType(name, inline_definitions(v1.schema()), v1.parse_obj)
    if isinstance(kind, str) or not (isinstance(kind, type) or typing.get_origin(kind)):
        raise TypeError("not a type")
    from pydantic import TypeAdapter

    adapter: Any = TypeAdapter(_supported(kind))
    return OutputType(name, inline_definitions(adapter.json_schema()), _Converter(adapter))


class _Converter:
    """Validator of JSON values as JSON, so that strict models accept dates, sets and tuples."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter

    def __call__(self, value: Any) -> Any:
        from pydantic import ValidationError

        try:
            return self._adapter.validate_json(json.dumps(value))
        except ValidationError as error:
            raise ValueError(_summarize(error)) from error


def _summarize(error: Any) -> str:
    """List locations and problems, without the values and links that pydantic adds."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    places = (f"{'.'.join(map(str, p['loc'])) or 'answer'}: {p['msg']}" for p in problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    return "; ".join(places) + more


def _supported(kind: Any, seen: tuple[Any, ...] = ()) -> Any:
    """Replace types that pydantic refuses: plain classes, ``TypedDict`` before Python 3.12."""
    if kind in seen:
        raise TypeError(f"{kind.__name__} is recursive. Use a pydantic model for recursive types.")
    if typing.is_typeddict(kind):
        return _typed_dict(kind, (*seen, kind))
    if isinstance(kind, type) and _is_plain(kind):
        return _build_model(kind, (*seen, kind))
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is None or not arguments or origin in (typing.Literal, typing.Annotated):
        return kind
    changed = tuple(_supported(argument, seen) for argument in arguments)
    return kind if changed == arguments else _with_arguments(kind, origin, changed)


def _with_arguments(kind: Any, origin: Any, arguments: tuple[Any, ...]) -> Any:
    if hasattr(kind, "copy_with"):  # of the typing module
        return kind.copy_with(arguments)
    built: Any = origin if isinstance(origin, type) else typing.Union
    return built[arguments]


def _is_model(kind: Any) -> bool:
    return hasattr(kind, "model_json_schema")


def _is_plain(kind: type) -> bool:
    """Whether a class has annotations and no support for pydantic."""
    if is_dataclass(kind) or _is_model(kind) or hasattr(kind, "__get_pydantic_core_schema__"):
        return False
    if issubclass(kind, Enum | tuple | Mapping) or kind.__module__ == "builtins":
        return False
    return any("__annotations__" in vars(base) for base in kind.__mro__)


def _fields(kind: Any, seen: tuple[Any, ...]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    names = (name for name in hints if typing.get_origin(hints[name]) is not typing.ClassVar)
    return {name: _supported(hints[name], seen) for name in names}


def _typed_dict(kind: Any, seen: tuple[Any, ...]) -> Any:
    import typing_extensions

    fields = {
        name: hint if name in kind.__required_keys__ else typing_extensions.NotRequired[hint]
        for name, hint in _fields(kind, seen).items()
    }
    make: Any = typing_extensions.TypedDict
    changed = make(kind.__name__, fields)
    changed.__doc__ = kind.__doc__
    return changed


def _build_model(kind: type, seen: tuple[Any, ...]) -> Any:
    from pydantic import AfterValidator, create_model

    fields: Any = {
        name: (hint, getattr(kind, name, ...)) for name, hint in _fields(kind, seen).items()
    }
    model = create_model(kind.__name__, __doc__=kind.__doc__, **fields)

    def build(values: Any) -> Any:
        return _instance(kind, {name: getattr(values, name) for name in fields})

    return typing.Annotated[model, AfterValidator(build)]


def _instance(kind: Any, values: dict[str, Any]) -> Any:
    try:
        return kind(**values)
    except TypeError:  # its constructor takes no fields
        built = kind.__new__(kind)
        for name, value in values.items():
            setattr(built, name, value)
        return built
