"""Guards against network access and leaked secrets."""
