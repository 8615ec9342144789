"""Paths of the model list."""

from llmaas_sandbox.gateway.exchange import Endpoint
from llmaas_sandbox.models.listing import listing

ENDPOINTS = (Endpoint("GET", "/v1/models", listing, takes="nothing"),)
