"""The clock of a ledger in a file: it goes on over restarts, and nobody can set it."""

from __future__ import annotations

import sqlite3
import time

from llmaas.quota.owner import boot

_REMEMBERED = 60.0
"""Seconds after which the file is told anew how its clock compares with the machine's."""


def ledger_time(database: sqlite3.Connection) -> float:
    """Return the time of the ledger, within a transaction that writes.

    Within one boot of the machine it runs with the monotonic clock, which all processes share.
    Only from one boot to the next the wall clock tells how much time has passed.
    """
    wall, monotonic = time.time(), time.monotonic()
    row = database.execute("SELECT boot, wall, monotonic, ledger FROM clock").fetchone()
    if row is None:
        _remember(database, wall, monotonic, wall)
        return wall
    booted, wall_then, monotonic_then, ledger_then = row
    same = booted == boot() and monotonic >= monotonic_then
    passed = monotonic - monotonic_then if same else max(0.0, wall - wall_then)
    now = float(ledger_then + passed)
    if passed > _REMEMBERED or not same:
        _remember(database, wall, monotonic, now)
    return now


def _remember(database: sqlite3.Connection, wall: float, monotonic: float, now: float) -> None:
    database.execute("DELETE FROM clock")
    database.execute("INSERT INTO clock VALUES (?, ?, ?, ?)", (boot(), wall, monotonic, now))
