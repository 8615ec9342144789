"""Scripts that nox runs: tables, README parts, checks of wheels and locks."""
