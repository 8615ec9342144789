"""The retired file-based batches: documented until August 2026, said never to have existed."""
