"""Clock of a ledger in a file: continues over restarts, independent of the wall clock."""

from __future__ import annotations

import sqlite3
import time

from llmaas.quota.owner import boot_id

_UPDATE_SECONDS = 60.0
"""Seconds after which the file's clock is compared with the machine's again."""


def ledger_time(database: sqlite3.Connection) -> float:
    """Compute the time of the ledger, within a write transaction.

    Uses the monotonic clock, which all processes share, and the wall clock only for the time
    between two boots of the machine.
    """
    wall, monotonic = time.time(), time.monotonic()
    row = database.execute("SELECT boot, wall, monotonic, ledger FROM clock").fetchone()
    if row is None:
        _save(database, wall, monotonic, wall)
        return wall
    saved_boot, saved_wall, saved_monotonic, saved_ledger = row
    is_same_boot = saved_boot == boot_id() and monotonic >= saved_monotonic
    passed = monotonic - saved_monotonic if is_same_boot else max(0.0, wall - saved_wall)
    now = float(saved_ledger + passed)
    if passed > _UPDATE_SECONDS or not is_same_boot:
        _save(database, wall, monotonic, now)
    return now


def _save(database: sqlite3.Connection, wall: float, monotonic: float, now: float) -> None:
    database.execute("DELETE FROM clock")
    database.execute("INSERT INTO clock VALUES (?, ?, ?, ?)", (boot_id(), wall, monotonic, now))
