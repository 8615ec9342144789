"""``/v1/chat/completions/batch``: many conversations, answered later, by position."""
