"""Engines behind the service, each with its way to write answers and errors."""
