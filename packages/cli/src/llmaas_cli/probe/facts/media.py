"""Facts of batches, transcriptions, speech and images."""

from __future__ import annotations

from llmaas_cli.probe.exchange import Exchange, as_dict, dicts


def image_kind(exchange: Exchange) -> str:
    """Form of the image: ``base64``, ``url`` or ``none``."""
    first = next(iter(dicts(as_dict(exchange.json).get("data"))), {})
    return "base64" if first.get("b64_json") else "url" if first.get("url") else "none"


def is_audio(exchange: Exchange) -> bool:
    """Whether the body is audio by its type."""
    return exchange.response.headers.get("content-type", "").startswith("audio/")


def batch_id(exchange: Exchange) -> str | None:
    """ID of a batch."""
    found = as_dict(exchange.json).get("id")
    return found if isinstance(found, str) and found else None


def batch_answers(exchange: Exchange) -> int:
    """Count the results of a batch that have a choice."""
    results = dicts(as_dict(exchange.json).get("results"))
    return sum(bool(dicts(each.get("choices"))) for each in results)


FACTS = {
    "batch_id": batch_id,
    "batch_answers": batch_answers,
    "batch_status": lambda e: as_dict(e.json).get("status"),
    "has_transcript": lambda e: isinstance(as_dict(e.json).get("text"), str),
    "has_segments": lambda e: bool(as_dict(e.json).get("segments")),
    "is_audio": is_audio,
    "is_wav": lambda e: e.response.body[:4] == b"RIFF",
    "image_kind": image_kind,
}
