"""Prompt screening, enabled on the service until 2026; off by default."""
