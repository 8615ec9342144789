"""Options of ``llmaas bulk run``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class EngineName(StrEnum):
    """Engines of a bulk run."""

    ASYNCIO = "asyncio"
    BATCH = "batch"
    RAY = "ray"


Prompts = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="JSONL: a string, messages, or an object with prompt or messages on each line.",
    ),
]
Model = Annotated[str, typer.Option("--model", "-m")]
Out = Annotated[
    Path,
    typer.Option("--out", "-o", help="Results, one JSON line each. An existing run is resumed."),
]
Engine = Annotated[
    EngineName, typer.Option(help="Concurrent calls, the batch endpoint (half price), or Ray.")
]
Concurrency = Annotated[int, typer.Option(min=1, help="Maximum of concurrent calls.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Longest answer, in tokens.")]
Temperature = Annotated[float | None, typer.Option()]
System = Annotated[
    str | None, typer.Option("--system", "-s", help="System message of each prompt.")
]
Ordered = Annotated[bool, typer.Option("--ordered", help="Sort the results at the end.")]
RetryErrors = Annotated[
    bool, typer.Option("--retry-errors", help="Retry prompts that failed in an earlier run.")
]
BudgetEUR = Annotated[
    float | None,
    typer.Option(min=0, metavar="EUR", help="Limit of the cost, over all resumed runs."),
]
TierNumber = Annotated[
    int | None, typer.Option(min=1, max=4, help="Stay within this tier's output-token limit.")
]
Redis = Annotated[
    str | None, typer.Option(metavar="URL", help="Share --tier and --budget through Redis.")
]
Resubmit = Annotated[
    bool, typer.Option("--resubmit", help="Resubmit lost batches: they may be billed twice.")
]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for batches, or collect them later.")
]
PollSeconds = Annotated[
    float, typer.Option(min=0, help="Seconds between two requests for a batch.")
]
Workers = Annotated[int, typer.Option(min=1, help="Ray's worker processes.")]
