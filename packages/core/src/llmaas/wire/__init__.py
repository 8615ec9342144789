"""Protocol without I/O: request bodies, response parsing, stream events and retry decisions."""
