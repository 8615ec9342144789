"""Model lifecycle: planned, production, deprecated, retired."""
