"""No fixtures yet."""
