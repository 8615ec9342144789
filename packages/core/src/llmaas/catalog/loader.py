"""Read the catalog that ships with the package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from llmaas.catalog.catalog import Catalog, second_names
from llmaas.catalog.model import Model


@cache
def packaged() -> Catalog:
    """Return the packaged catalog, parsed once per process."""
    text = files("llmaas").joinpath("data", "catalog.json").read_text("utf-8")
    data = json.loads(text)
    vectors = json.loads(files("llmaas").joinpath("data", "vectors.json").read_text("utf-8"))
    models = {
        card["id"]: _model({**card, **vectors["models"].get(card["id"], {})})
        for card in data["models"]
    }
    return Catalog(
        models=models,
        aliases=second_names(models.values()),
        redirects=data["redirects"],
        about=data["about"],
    )


def _model(card: Mapping[str, Any]) -> Model:
    dates = {key: _day(card[key]) for key in ("released", "end_of_support")}
    return Model(**{**card, **dates, "aliases": tuple(card["aliases"])})


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
