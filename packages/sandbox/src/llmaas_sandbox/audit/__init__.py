"""The audit trail: who did what, encrypted, chained, never changed."""
