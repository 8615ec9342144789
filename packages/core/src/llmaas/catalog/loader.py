"""Loader of the packaged catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from llmaas.catalog.catalog import Catalog, build_aliases
from llmaas.catalog.model import Model


@cache
def load_packaged() -> Catalog:
    """Load the packaged catalog, once per process."""
    text = files("llmaas").joinpath("data", "catalog.json").read_text("utf-8")
    data = json.loads(text)
    vectors = json.loads(files("llmaas").joinpath("data", "vectors.json").read_text("utf-8"))
    models = {
        card["id"]: _to_model({**card, **vectors["models"].get(card["id"], {})})
        for card in data["models"]
    }
    return Catalog(
        models=models,
        aliases=build_aliases(models.values()),
        redirects=data["redirects"],
        about=data["about"],
    )


def _to_model(card: Mapping[str, Any]) -> Model:
    dates = {key: _parse_date(card[key]) for key in ("released", "end_of_support")}
    return Model(**{**card, **dates, "aliases": tuple(card["aliases"])})


def _parse_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
