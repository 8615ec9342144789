"""Client-side quotas and budgets, and the ledgers that hold their reservations."""

from llmaas.quota.budget import Budget, highest_cost_micro_eur
from llmaas.quota.ledger import Ledger, Limit, MemoryLedger
from llmaas.quota.quota import TIERS, Quota, Tier
from llmaas.quota.redis import RedisLedger
from llmaas.quota.sqlite import SQLiteLedger

__all__ = [
    "TIERS",
    "Budget",
    "Ledger",
    "Limit",
    "MemoryLedger",
    "Quota",
    "RedisLedger",
    "SQLiteLedger",
    "Tier",
    "highest_cost_micro_eur",
]
