"""Opt-out of Haystack's telemetry, which reports every pipeline to PostHog by default.

Must be imported before Haystack, which reads the variable once. A value set by the user wins.
"""

import os

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
