"""Audit log: encrypted, append-only, chained by hashes."""
