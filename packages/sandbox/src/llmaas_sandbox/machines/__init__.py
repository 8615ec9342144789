"""Twelve simulated machines, with load balancing and failover."""
