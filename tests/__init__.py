"""Tests of every package, and the helpers that they share."""
