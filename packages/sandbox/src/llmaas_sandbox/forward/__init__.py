"""The same gateway before a real engine: keys, limits and audit here, answers from there."""
