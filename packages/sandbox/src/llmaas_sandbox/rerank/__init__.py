"""``/v1/rerank`` and ``/v2/rerank``: lexical scores that look like logits."""
