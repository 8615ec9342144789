"""Limits of the billing tiers: output tokens per hour and day, budget per month."""
