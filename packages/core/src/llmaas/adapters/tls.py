"""TLS settings of connections that a framework opens itself."""

from llmaas.transport.pool_registry import tls_context

__all__ = ["tls_context"]
