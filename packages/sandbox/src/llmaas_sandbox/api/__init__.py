"""Endpoints of the HTTP interface, one module per service."""
