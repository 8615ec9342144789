"""The protocol without I/O: request to bytes, bytes to events, and what to do after a failure."""
