"""API keys: tenants, permissions and rotation."""
