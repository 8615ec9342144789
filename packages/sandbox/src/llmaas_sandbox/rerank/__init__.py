"""Lexical reranking, with scores that resemble logits."""
