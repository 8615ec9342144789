"""Facts of answers, by name."""
