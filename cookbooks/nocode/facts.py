"""Generator of the no-code projects' model and price data: ``python cookbooks/nocode/facts.py``.

The platforms do not run Python, so each project contains a copy. The catalog and the tariff of
``llmaas`` are the source. A test fails if a copy is outdated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from llmaas import catalog, pricing
from llmaas.catalog import Model

HERE = Path(__file__).parent
SERVICE = "https://api.ai.cloud-temple.com/v1"
TONGUES = ("en", "fr")
KINDS = {
    "chat": ("chat", "vision", "code"),
    "embedding": ("embedding",),
    "transcription": ("transcription",),
}


def facts() -> dict[str, Any]:
    """Build the data in the format of the Zapier project."""
    return {
        "service": SERVICE,
        "prices": prices(),
        **read("choices.json"),
        "models": {model.id: told(model) for model in live_models()},
        "successors": successors(),
        "instructions": read("instructions.json"),
    }


def prices() -> dict[str, Any]:
    """Convert the newest tariff: micro-EUR per 1,000 tokens and per minute of audio."""
    newest = pricing.TARIFFS[-1]
    return {
        "since": newest.since.isoformat(),
        "prompt": newest.prompt,
        "completion": newest.completion,
        "reasoning": newest.reasoning,
        "audio_minute": newest.audio_minute,
    }


def live_models() -> list[Model]:
    """List the live models of the catalog, sorted by name."""
    return sorted((model for model in catalog.all_models() if model.live), key=lambda m: m.id)


def told(model: Model) -> dict[str, Any]:
    """Describe a model for a picker. None means unknown."""
    end = model.end_of_support
    return {
        "category": model.category,
        "context": model.live_context_tokens or model.context_tokens,
        "reasoning": model.reasoning,
        "vision": model.vision,
        "tools": model.tools,
        "long_term_support": model.lts,
        "end_of_support": end.isoformat() if end else None,
    }


def successors() -> dict[str, str]:
    """Map the names of models that are not live to the live models that replace them."""
    old = {model.id for model in catalog.all_models() if not model.live}
    found = {name: heir(name) for name in sorted(old)}
    return {name: after for name, after in found.items() if after}


def heir(name: str) -> str | None:
    """Follow redirects and successors to a live model."""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        model = catalog.resolve(name).model
        if model is None:
            return None
        if model.live:
            return model.id
        name = model.successor or name
    return None


def read(name: str) -> Any:
    """Read a JSON file in this folder."""
    return json.loads((HERE / name).read_text())


def as_json(value: Any) -> str:
    """Serialize a data file."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def common() -> dict[str, Any]:
    """Build the data for Make, whose expressions support lists but no computed keys with dots."""
    all_of_it = facts()
    models: dict[str, dict[str, Any]] = all_of_it["models"]
    words = all_of_it["instructions"]
    return {
        "service": SERVICE,
        "prices": all_of_it["prices"],
        "defaults": all_of_it["defaults"],
        "longest_answer_tokens": all_of_it["longest_answer_tokens"],
        "kinds": {kind: of_kind(models, kind) for kind in KINDS},
        "known": list(models),
        "successors": [{"from": old, "to": new} for old, new in all_of_it["successors"].items()],
        "summarise": summarise(words["summarise"]),
        "extract": extract(words["extract"]),
    }


def of_kind(models: dict[str, dict[str, Any]], kind: str) -> list[str]:
    return [name for name, model in models.items() if model["category"] in KINDS[kind]]


def summarise(words: dict[str, Any]) -> dict[str, Any]:
    forms = {
        name: {tongue: form[tongue] for tongue in TONGUES} for name, form in words["forms"].items()
    }
    says = {name: language["says"] for name, language in words["languages"].items()}
    return {**spoken(words), "forms": forms, "says": says, **halves(words["frame"])}


def extract(words: dict[str, Any]) -> dict[str, Any]:
    fits = {tongue: text.removesuffix("%schema%") for tongue, text in words["fits"].items()}
    return {**spoken(words), "fits": fits, **halves(words["frame"])}


def spoken(words: dict[str, Any]) -> dict[str, str]:
    return {tongue: words[tongue] for tongue in TONGUES}


def halves(frame: dict[str, str]) -> dict[str, dict[str, str]]:
    """Split the template at the placeholder. User text is concatenated, never substituted."""
    cut = {tongue: frame[tongue].split("%text%") for tongue in TONGUES}
    return {
        "before": {tongue: before for tongue, (before, _) in cut.items()},
        "after": {tongue: after for tongue, (_, after) in cut.items()},
    }


def copies() -> dict[Path, str]:
    """Build the generated files and their contents."""
    return {
        HERE.parent / "zapier" / "data" / "facts.json": as_json(facts()),
        HERE.parent / "make" / "app" / "general" / "common.json": as_json(common()),
    }


if __name__ == "__main__":
    for path, text in copies().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
