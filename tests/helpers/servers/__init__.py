"""Local servers: raw bytes, proxy, TLS, Redis, rate limits, inference engines."""
