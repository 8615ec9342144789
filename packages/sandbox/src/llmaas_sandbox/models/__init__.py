"""``GET /v1/models``, and finding the model that serves a name."""
