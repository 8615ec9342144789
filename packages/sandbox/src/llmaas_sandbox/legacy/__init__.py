"""Retired file-based batches, documented until August 2026 and since then denied."""
