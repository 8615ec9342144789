"""The contract: an OpenAPI 3.1 document of what is served."""
