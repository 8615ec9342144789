"""Table of probes, by section."""
