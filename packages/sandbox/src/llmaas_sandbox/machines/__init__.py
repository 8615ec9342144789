"""Twelve simulated machines: who serves a request, and what happens when one dies."""
