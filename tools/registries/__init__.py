"""Rows for registries of models and integrations, generated from the catalog."""
