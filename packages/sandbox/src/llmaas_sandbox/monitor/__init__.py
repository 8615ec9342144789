"""Metrics, the history of requests, and alerts."""
