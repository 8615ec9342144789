"""``/v1/chat/completions`` and the chat-shaped ``/v1/completions``."""
