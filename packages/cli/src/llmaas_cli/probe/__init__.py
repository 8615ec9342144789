"""Probes of a service: its answers confirm or contradict what the client assumes."""
