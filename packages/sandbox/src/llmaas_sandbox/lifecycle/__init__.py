"""The life of a model: planned, in production, deprecated, retired."""
