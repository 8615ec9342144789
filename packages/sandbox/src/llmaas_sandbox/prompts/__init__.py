"""The historical prompt check: on by default until 2026, now an option, off."""
