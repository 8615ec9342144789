"""``/v1/images/generations``: a small picture drawn from the prompt's bytes."""
