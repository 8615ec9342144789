"""Recorded HTTP exchanges: file format, player, drift, scenarios."""
