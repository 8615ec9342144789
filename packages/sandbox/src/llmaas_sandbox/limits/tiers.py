"""The tiers of the price list, unchanged since June 2025 (DOC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """Limits of a tenant; None is unlimited."""

    hourly_tokens: int | None
    daily_tokens: int | None
    monthly_eur: int | None


UNLIMITED = Tier(None, None, None)
TIERS: Mapping[str, Tier] = {
    "1": Tier(150_000, 3_600_000, 1_000),
    "2": Tier(300_000, 7_200_000, 3_000),
    "3": Tier(450_000, 10_800_000, 5_000),
    "4": Tier(600_000, 14_400_000, 10_000),
    "monthly": UNLIMITED,
}
