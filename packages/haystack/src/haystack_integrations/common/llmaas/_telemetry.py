"""Imported before Haystack: it would report every pipeline to PostHog unless told not to.

Whoever set the variable is obeyed. Where Haystack was imported before this package it has
already decided: then only the environment can tell it.
"""

import os

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
