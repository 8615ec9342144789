"""JSON file of a profile."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from llmaas._errors_base import ConfigurationError
from llmaas.catalog.profile_checks import checked_fields

VERSION = 1
"""Version of the format. A newer file may have more keys; those known here mean the same."""

T = TypeVar("T")


class ProfileError(ConfigurationError):
    """A profile is missing or invalid; nothing was sent."""

    hint = "Measure it again with `llmaas probe --save FILE`, or correct the key that it names."


def read_json(path: str | Path) -> Mapping[str, Any]:
    """Read a JSON object. Raises ``ProfileError``."""
    try:
        raw = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise ProfileError(f"profile {str(path)!r} cannot be read: {reason}.") from error
    except ValueError as error:
        raise ProfileError(f"profile {str(path)!r} is not JSON: {error}.") from error
    if not isinstance(raw, Mapping):
        kind = type(raw).__name__
        raise ProfileError(f"profile {str(path)!r} must contain an object, got {kind}.")
    return raw


def write_json(path: str | Path, value: Mapping[str, object]) -> None:
    """Replace a file atomically."""
    target = Path(path)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def split_known(
    kind: type[object], raw: Mapping[str, object], where: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separate the known keys of a profile from those of a newer format.

    Raises ``ProfileError`` for an unknown key in a file of this version or an older one.
    """
    is_newer = _version(raw) > VERSION
    known = {each.name for each in checked_fields(kind)}
    kept = known if is_newer else known | {"version"}
    extra = {name: value for name, value in raw.items() if name not in kept}
    if extra and not is_newer:
        raise ProfileError(f"{where}: {_unknown(next(iter(extra)), known)}")
    for each in checked_fields(kind):
        if each.name not in raw and each.default is each.default_factory is MISSING:
            raise ProfileError(f"{where}: {each.name!r} is missing.")
    return {name: value for name, value in raw.items() if name in known}, extra


def build_model(kind: type[T], name: str, entry: object, file: Mapping[str, object]) -> T:
    """Build the facts of one model; keys of a newer format are ignored."""
    where = f"profile: models[{name!r}]"
    if not isinstance(entry, Mapping):
        raise ProfileError(f"{where} must be an object, got {entry!r}.")
    values, _ = split_known(kind, {**entry, "version": _version(file)}, where)
    try:
        return kind(**values)
    except ValueError as error:
        raise ProfileError(f"{where}.{error}.") from None


def entries(models: Any) -> Iterable[tuple[Any, Any]]:
    """Return the names and values of a JSON object. Raises ``ProfileError``."""
    if not isinstance(models, Mapping):
        raise ProfileError(f"profile: models must be an object, got {models!r}.")
    return models.items()


def to_plain(instance: object) -> dict[str, Any]:
    """Convert the known facts of a dataclass to JSON values."""
    values = {each.name: getattr(instance, each.name) for each in checked_fields(instance)}
    defaults = {each.name: each.default for each in checked_fields(instance)}
    return {
        name: _to_json(value)
        for name, value in values.items()
        if value != defaults[name] and value != {}
    }


def _to_json(value: object) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _version(raw: Mapping[str, object]) -> int:
    version = raw.get("version", VERSION)
    if type(version) is not int or version < 1:
        raise ProfileError(f"profile: version must be an integer >= 1, got {version!r}.")
    return version


def _unknown(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f"unknown key {name!r}" + (f"; did you mean {close[0]!r}?" if close else ".")
