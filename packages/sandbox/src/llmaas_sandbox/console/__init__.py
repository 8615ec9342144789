"""Console: one page with live statistics."""
