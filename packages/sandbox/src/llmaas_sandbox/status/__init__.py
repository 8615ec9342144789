"""The public status API; on the service it has a host of its own."""
