"""TLS with a generated certificate authority."""
