"""Images drawn from the bytes of the prompt."""
