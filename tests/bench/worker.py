"""Worker process of one client: reads a workload's name and count, writes its cost.

python worker.py DRIVER CLASS BASE_URL PROCESSOR
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import warnings
from dataclasses import asdict

from affinity import pin
from workloads import WORKS, measure_memory_growth, measure_work


def main(driver: str, name: str, base_url: str, processor: str) -> None:
    """Answer one line of JSON to each line of JSON, until the input ends."""
    pin(int(processor))
    warnings.simplefilter("ignore")
    client = getattr(importlib.import_module(f"drivers.{driver}"), name)(base_url)
    works = {work.name: work for work in WORKS}
    with asyncio.Runner() as runner:
        print(json.dumps("ready"), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            gc.collect()
            if order["work"] == "memory":
                answer: object = measure_memory_growth(client, runner, order["times"])
            else:
                answer = asdict(measure_work(works[order["work"]], client, runner, order["times"]))
            print(json.dumps(answer), flush=True)
        os._exit(0)  # clients are not closed: what they would say about it is not measured


if __name__ == "__main__":
    main(*sys.argv[1:])
