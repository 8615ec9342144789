"""Batches of conversations, answered later in the order of the input."""
