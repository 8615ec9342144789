"""Normalization of conversations to the rules of chat templates and engines."""
