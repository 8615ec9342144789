"""The sandbox's own controls over HTTP: script, journal, faults, clock."""
