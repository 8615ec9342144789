"""Propagation of context variables to other threads."""

from __future__ import annotations

from llmaas._scopes import follow as follow_context

__all__ = ["follow_context"]
