"""Response and error formats of inference engines."""
