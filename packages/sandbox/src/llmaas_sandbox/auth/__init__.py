"""The authentication service: keys, their tenants, permissions, rotation."""
