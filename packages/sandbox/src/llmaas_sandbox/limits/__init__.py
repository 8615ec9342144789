"""Limits of the billing tiers: output tokens per hour and day, a budget per month."""
