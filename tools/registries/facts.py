"""Models that registries list, with their facts and prices from the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from llmaas.catalog import Model
from llmaas.catalog.loader import load_packaged
from llmaas.pricing import unit_prices_eur
from llmaas.settings import DEFAULT_BASE_URL, KEY_VARIABLE
from llmaas.settings import URL_VARIABLE as URL_VARIABLE

NAME = "LLMaaS (Cloud Temple)"
SLUG = "llmaas"
DOCUMENTATION = "https://docs.cloud-temple.com"
BASE_URL = f"{DEFAULT_BASE_URL.removesuffix('/v1').rstrip('/')}/v1"
KEY = KEY_VARIABLE
CHAT = ("chat", "code", "vision", "safety", "translation")
"""Categories of the chat endpoint that registries call chat models."""


@dataclass(frozen=True)
class Facts:
    """The catalog on a day, with prices in USD if the exchange rate is given.

    The service's prices are in EUR, those of the registries in USD: without ``usd_per_eur`` no
    price is written, rather than a wrong one.
    """

    day: date
    usd_per_eur: float | None = None

    @cached_property
    def models(self) -> list[Model]:
        """Documented models that the service lists and supports on the day."""
        models = load_packaged().models.values()
        documented = (m for m in models if m.live and m.released and m.phase == "production")
        return sorted((m for m in documented if m.supported_on(self.day)), key=lambda m: m.id)

    @property
    def chat(self) -> list[Model]:
        """Models of the chat endpoint."""
        return [model for model in self.models if model.category in CHAT]

    def select_category(self, category: str) -> list[Model]:
        """Return the models of a category."""
        return [model for model in self.models if model.category == category]

    @property
    def updated(self) -> str:
        """Day of the documentation that the catalog was read from."""
        return load_packaged().about["documented_on"]

    def usd_per_million(self, model: Model) -> tuple[float, float] | None:
        """Return the prices of a million input and output tokens in USD; None if unknown."""
        prices = unit_prices_eur(model.category, self.day)
        eur = prices.get("million_tokens_in")
        if self.usd_per_eur is None or eur is None:
            return None
        rate, output = self.usd_per_eur, prices.get("million_tokens_out", 0.0)
        return round(eur * rate, 4), round(output * rate, 4)


def display_name(model: Model) -> str:
    """Return the name for people: ``Qwen 3.6 27B`` for ``qwen3.6:27b``."""
    name, _, size = model.id.rpartition("/")[2].partition(":")
    words = name.replace("-", " ").replace("_", " ").split()
    return " ".join([*(word.capitalize() for word in words), size.upper()]).strip()


def get_context(model: Model) -> int:
    """Return the context window; 0 if it is unknown."""
    return model.context or 0
