"""The garbage collector of a process that does nothing but serve."""

from __future__ import annotations

import gc


def tune_garbage_collector() -> None:
    """Let the garbage collector look less often, and never at what the start has made.

    A request leaves no cycles behind; yet of the cost of one, a fifth was the collector's walk
    over the journal and the modules.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
