"""Choice of the models that probes are run with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmaas import catalog
from llmaas.errors import InvalidInputError
from llmaas.raw import conversation_rules, reasoning_fields
from llmaas.types import LiveModel
from llmaas_cli.probe.model import Subject

_CHAT = ("chat", "code", "vision")
_KINDS = {
    Subject.EMBEDDING: "embedding",
    Subject.RERANK: "rerank",
    Subject.TRANSCRIPTION: "transcription",
    Subject.SPEECH: "speech",
    Subject.IMAGE: "image",
}
_GUESSES = (
    ("embedding", ("embed", "bge-m3", "e5-", "gte-")),
    ("rerank", ("rerank", "cross")),
    ("transcription", ("whisper",)),
    ("speech", ("tts", "kokoro", "pico2wav")),
    ("safety", ("guard",)),
    ("image", ("z-image", "flux", "diffusion")),
)
_LONGEST_PROMPT = 10_000
"""Tokens of the longest window that is exceeded by a prompt: it is billed if it is accepted."""
_SILENCE = (
    b"RIFF\xa4>\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80>\x00\x00\x00}\x00\x00"
    b"\x02\x00\x10\x00data\x80>\x00\x00" + bytes(16_000)
)
"""Half a second of silence: WAV, 16 kHz, mono."""
_MOST = 6
"""Chat models of the default selection."""


@dataclass(frozen=True, slots=True)
class Models:
    """Models of an address by kind, and what its list says about them."""

    by_kind: Mapping[str, Sequence[str]]
    listed: Mapping[str, LiveModel] = field(default_factory=dict)
    is_named: bool = False
    """Whether the models were named; otherwise two of each kind but chat are taken."""

    def for_subject(self, subject: Subject) -> Sequence[str]:
        """Return the models of a subject; one empty name if it needs none."""
        chats = self.by_kind.get("chat", ())
        if subject is Subject.NONE:
            return ("",)
        if subject is Subject.CHAT:
            return chats
        thinkers = [name for name in chats if may_reason(name)]
        if subject is Subject.REASONING:
            return thinkers
        if subject is Subject.REASONER:
            return thinkers[:1]
        if subject is Subject.PLAIN:
            plain = [name for name in chats if not may_reason(name)] or list(chats)
            return sorted(plain, key=_lacks_tools)[:1]
        names = sorted(self.by_kind.get(_KINDS[subject], ()), key=self._window_or_most)
        return names[: _MOST if self.is_named else 2]

    def _window_or_most(self, name: str) -> int:
        """Return the listed window: small ones are cheap to exceed."""
        entry = self.listed.get(name)
        return (entry.context_tokens if entry else None) or 1 << 40

    def values(self, model: str) -> dict[str, Any]:
        """Return the values that calls of a model are filled with."""
        entry = self.listed.get(model)
        known = catalog.resolve(model).model
        aliases = [n for n in (entry.aliases if entry else ()) if n != model]
        window = (entry.context_tokens if entry else None) or (known.context if known else None)
        values = {
            "model": model,
            "window": window,
            "window_listed": entry.context_tokens if entry else None,
            "long_text": _long_text(window),
            "silence": _SILENCE,
            "not_audio": b"This is not audio.",
            "alias": aliases[0] if aliases else None,
            "reasoning_off": reasoning_fields(model, False),
            "reasoning_on": reasoning_fields(model, True),
        }
        return {name: value for name, value in values.items() if value is not None}


def _long_text(window: int | None) -> str | None:
    """Return a text of more tokens than the window; None if it would be expensive."""
    return None if window is None or window > _LONGEST_PROMPT else "word " * (window + 50)


def may_reason(name: str) -> bool:
    """Whether a model may reason: as the catalog says, or unknown."""
    known = catalog.resolve(name).model
    return known is None or known.reasoning is not False


def get_kind(name: str) -> str:
    """Return the kind of a model: as the catalog says, else guessed from its name."""
    known = catalog.get(name) or catalog.resolve(name).model
    if known is not None and known.publisher is not None:
        return "chat" if known.category in _CHAT else known.category
    lower = name.lower()
    return next((kind for kind, words in _GUESSES if any(w in lower for w in words)), "chat")


def choose(listed: Sequence[LiveModel], requested: Sequence[str]) -> Models:
    """Choose models: those named, all, or one per kind and family of the list.

    A name may say its kind, ``my-model=embedding``. Raises ``InvalidInputError`` without models.
    """
    entries = {entry.id: entry for entry in listed}
    if requested and requested != ["all"]:
        pairs = [_parse(name) for name in requested]
    else:
        pairs = [(name, get_kind(name)) for name in entries]
    by_kind: dict[str, list[str]] = {}
    for name, kind in pairs:
        by_kind.setdefault(kind, []).append(name)
    if not requested:
        by_kind["chat"] = _representatives(by_kind.get("chat", []))
    if not any(by_kind.values()):
        raise InvalidInputError("The address lists no model. Name some with --models.")
    return Models(by_kind, entries, bool(requested))


def _parse(name: str) -> tuple[str, str]:
    name, _, kind = name.partition("=")
    kinds = {"chat", *_KINDS.values()}
    if kind and kind not in kinds:
        raise InvalidInputError(f"--models: kind must be one of {', '.join(sorted(kinds))}, "
                                f"got {kind!r}.")  # fmt: skip
    return name, kind or get_kind(name)


def _is_undocumented(name: str) -> bool:
    known = catalog.get(name)
    return known is None or known.phase != "production"


def _lacks_tools(name: str) -> bool:
    known = catalog.resolve(name).model
    return known is not None and not known.tools


def _representatives(names: Sequence[str]) -> list[str]:
    """Return one model for each chat template and reasoning switch."""
    chosen: dict[str, str] = {}
    for name in sorted(names, key=_is_undocumented):
        key = f"{conversation_rules(name)['id']} {reasoning_fields(name, False)}"
        chosen.setdefault(key, name)
    return list(chosen.values())[:_MOST]
