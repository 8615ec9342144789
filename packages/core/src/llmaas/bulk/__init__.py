"""Bulk runs: many prompts with checkpoints, in this process, by the batch endpoint, or by Ray."""

from llmaas.bulk.progress import Progress
from llmaas.bulk.run import BulkStoppedError, Report, arun, run
from llmaas.bulk.sorting import sort_results

__all__ = ["BulkStoppedError", "Progress", "Report", "arun", "run", "sort_results"]
