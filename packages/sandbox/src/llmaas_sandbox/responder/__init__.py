"""Responder: answers computed from the words of the request, without a model."""
