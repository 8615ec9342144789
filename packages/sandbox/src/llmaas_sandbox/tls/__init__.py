"""Real TLS with a certificate authority made on the spot."""
