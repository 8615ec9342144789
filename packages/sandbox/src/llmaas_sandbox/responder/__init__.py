"""Answers without a model: pure functions of the request, lexical throughout."""
