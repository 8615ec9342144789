"""Many prompts: paced, checkpointed, resumable; here, by the batch endpoint, or by Ray."""

from llmaas.bulk.order import put_in_order
from llmaas.bulk.run import BulkStoppedError, Report, arun, run
from llmaas.bulk.tally import Tally

__all__ = ["BulkStoppedError", "Report", "Tally", "arun", "put_in_order", "run"]
