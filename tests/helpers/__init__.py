"""Helpers that tests import: cassettes, contract, faults, servers, isolation, browser."""
