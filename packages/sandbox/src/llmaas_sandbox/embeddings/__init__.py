"""``/v1/embeddings``: hashed words and character n-grams, of unit length."""
